# What one person alone is told in answer to a click or a command.

no-such-request = There is no request { $request }.
