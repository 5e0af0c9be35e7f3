import Ingot

/// The builds of this program in a package, each for the x86-64 processors of one microarchitecture level.
///
/// All of them compute the same bytes. `ingot` itself is the baseline, which runs on any x86-64; the others are in
/// `../libexec/ingot`, seen from its folder. `ProcessorBuild+Starting.swift` chooses.
enum ProcessorBuild: String, CaseIterable, Sendable {
  case baseline
  case v3
  case v4

  /// The instruction sets that the compiler uses for this level beyond the baseline, as `/proc/cpuinfo` spells them.
  ///
  /// The levels are those of the x86-64 psABI, chapter 3.1.1; `abm` has LZCNT, and the kernel shows AVX only if it saves
  /// the registers.
  var instructionSets: Set<String> {
    switch self {
    case .baseline: []
    case .v3:
      [
        "cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3", "abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma",
        "movbe",
      ]
    case .v4: Self.v3.instructionSets.union(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
    }
  }

  /// The name of its file next to the others.
  var fileName: String { "\(ToolInfo.name)-x86-64-\(rawValue)" }

  /// The variable of the environment that names the build to start.
  static let variable = "INGOT_BUILD"

  /// Returns the instruction sets of the first processor in the text of `/proc/cpuinfo`; empty if it names none.
  static func instructionSets(ofFirstProcessorIn text: String) -> Set<String> {
    for line in text.split(separator: "\n", maxSplits: 64) where line.hasPrefix("flags") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
    }
    return []
  }
}

/// The build that `INGOT_BUILD` asks for cannot be started.
enum ProcessorBuildError: IngotError, Equatable {
  case unknown(String)
  case absent(ProcessorBuild, path: String)
  case unsupported(ProcessorBuild, missing: [String])

  var category: ErrorCategory { .usage }

  var description: String {
    switch self {
    case .unknown(let name):
      "\(ProcessorBuild.variable) is \(name.quoted), expected "
        + ProcessorBuild.allCases.map(\.rawValue).joined(separator: ", ")
    case .absent(let build, let path):
      "\(ProcessorBuild.variable) is \(build.rawValue), but \(path.escapedForDisplay) cannot be started"
    case .unsupported(let build, let missing):
      "\(ProcessorBuild.variable) is \(build.rawValue), but this processor does not have "
        + missing.joined(separator: ", ")
    }
  }
}
