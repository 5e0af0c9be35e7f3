import Ingot

StandardStreams.occupyClosedDescriptors()
Interrupts.install()
ExitStatus.now(IngotCommand.execute(Array(CommandLine.arguments.dropFirst())))
