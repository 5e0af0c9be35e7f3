import Ingot

do {
  try ProcessorBuild.startBest()
} catch {
  ExitStatus.now(ExitStatus(error, parser: IngotCommand.self))
}
StandardStreams.occupyClosedDescriptors()
Interrupts.install()
ExitStatus.now(IngotCommand.execute(Array(CommandLine.arguments.dropFirst())))
