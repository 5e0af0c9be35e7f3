import Ingot

do {
  try ProcessorBuild.startBest()
} catch {
  ExitStatus.now(ExitStatus(error, parser: IngotCommand.self))
}
StandardStreams.occupyClosedDescriptors()
Interrupts.install()
let status = IngotCommand.execute(Array(CommandLine.arguments.dropFirst()))
RemoteTraffic.report()
ExitStatus.now(status)
