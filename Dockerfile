# The bot alone: no tests, no playground. docker build -t ami-share-bot . ; the settings file is mounted.
FROM python:3.13-slim
RUN useradd --create-home --uid 10001 bot
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY aws_ops aws_ops
COPY sharing sharing
COPY handlers handlers
COPY bot bot
# By number: a name is nothing that Kubernetes could know not to be root's (runAsNonRoot).
USER 10001
EXPOSE 3000
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run", "--settings", "/etc/ami-share/ami-share.toml"]
