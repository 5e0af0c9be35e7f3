import Ingot

StandardStreams.occupyClosedDescriptors()
Interrupts.install()
Exit.now(IngotCommand.execute(Array(CommandLine.arguments.dropFirst())))
