import ArgumentParser
import Ingot

struct AssembleCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "assemble",
    abstract: "Joins the parts of a plan to the output and receipt, or the figures, of a single run.",
    discussion: """
      All parts are read back and compared with their manifests, the plan and the inputs. The status is 1, and nothing is \
      written, if one is missing, damaged, of another plan or made of inputs that have changed. Blocks are shared where the \
      file system can. The parts stay.

      EXAMPLES:
        # Join the parts.
        ingot assemble plan.json
        # Join parts from another folder.
        ingot assemble plan.json --parts-folder /scratch/parts
      """)

  @OptionGroup var folder: PartFolderOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    switch try folder.open() {
    case .conversion(let folder):
      let (command, parts) = try folder.derive(replacing: false)
      try command.carryOut(
        parts.plan, by: .assembled(parts, folder), arguments: folder.plan.arguments, report)
    case .measurement(let folder): try finish(folder.command(), folder)
    }
  }

  private func finish(_ command: some MeasuringCommand, _ folder: MeasuredParts) throws {
    let parts = try MeasuringParts(folder.plan) { try command.open(writes: true) }
    try command.finish(
      parts.measurement, parts.results(in: folder), arguments: folder.plan.document.arguments, report)
  }
}
