import ArgumentParser
import Ingot

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "status",
    abstract: "Shows which parts of a plan are done.",
    discussion: """
      Manifests and sizes are read, and neither inputs nor the bytes of parts; ingot assemble reads those. The status is 1 \
      until all parts are done.

      EXAMPLES:
        # How far is it?
        ingot status plan.json
        # The parts to do, for sbatch --array.
        ingot status plan.json --todo
      """)

  @OptionGroup var folder: PartFolderOptions

  @Flag(help: "Print the numbers of the parts that are not done, as job arrays take them: 3,17-19.")
  var todo = false

  @OptionGroup var report: ReportOptions

  func run() throws {
    switch try folder.open() {
    case .conversion(let folder):
      let plan = folder.plan
      try show(try folder.states(), of: plan.document, in: folder.path, plan.byteCounts, "bytes") { $0.byteSize }
    case .measurement(let folder):
      let plan = folder.plan
      try show(try folder.states(), of: plan.document, in: folder.files.path, plan.itemCounts, plan.itemName) {
        $0.grouped
      }
    }
  }

  /// - Parameters:
  ///   - sizes: how much of `unit` each part has.
  ///   - words: so much in words.
  private func show(
    _ states: [PartState], of plan: PlanDocument, in folder: String, _ sizes: [Int], _ unit: String,
    _ words: (Int) -> String
  ) throws {
    let missing = states.indices.filter { states[$0] != .done }
    let done = states.indices.filter { states[$0] == .done }.reduce(0) { $0 &+ sizes[$1] }, total = sizes.reduce(0, &+)
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.status/1"), "plan": .string(plan.digest), "folder": .string(folder),
          "complete": .bool(missing.isEmpty), "parts": .integer(states.count),
          "done": .integer(states.count - missing.count), unit: .integer(total),
          "\(unit)_done": .integer(done), "todo": .string(missing.rangeList),
          "states": .array(states.map { .string($0.rawValue) }),
        ])
      },
      text: {
        if todo { return missing.isEmpty ? "" : missing.rangeList + "\n" }
        let lines = PartState.allCases.compactMap { state -> (String, String)? in
          let indices = states.indices.filter { states[$0] == state }
          return indices.isEmpty ? nil : (state.rawValue, "\(indices.rangeList) (\(counted(indices.count, "part")))")
        }
        return definitionList(
          [("plan", "\(plan.path.escapedForDisplay) (\(plan.digest.prefix(16)))")] + lines
            + [(unit, "\(words(done)) of \(words(total))")])
      })
    if !missing.isEmpty { throw FailedCheck() }
  }
}
