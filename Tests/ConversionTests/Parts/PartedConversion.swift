import Architectures
import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// A conversion that is done in one run and in parts, with the same names in two folders.
struct PartedConversion: CustomTestStringConvertible, Sendable {
  /// The source: a fixture, an architecture's fixture, or `large`, whose tensors have several slabs.
  var source: String
  var output: String
  var type = ConversionRequest.TypeChoice.automatic
  var shardSize: Int?
  var naming: String?
  var adapter: String?
  var matrix: String?

  var testDescription: String { "\(source) to \(output)" }

  /// Containers, recipes, split outputs, stacked experts, tied and encoded tensors, importance and adapters.
  static let all: [PartedConversion] = [
    PartedConversion(source: "llama-gqa", output: "out.gguf", type: .format(.f16)),
    PartedConversion(source: "llama-gqa", output: "out.gguf", type: recipe("Q4_K_M")),
    PartedConversion(source: "llama-gqa", output: "copy", type: .automatic, shardSize: 100_000),
    PartedConversion(source: "llama3-tied", output: "out.gguf", type: .format(.q8_0), shardSize: 100_000),
    PartedConversion(source: "expected/llama-gqa/llama-gqa-q8_0.gguf", output: "model"),
    PartedConversion(source: "architecture:mixtral", output: "out.gguf", type: .format(.f16)),
    PartedConversion(
      source: "architecture:mixtral", output: "out.gguf", type: recipe("Q4_0"),
      matrix: "imatrix/measured/mixtral.gguf.imatrix"),
    PartedConversion(source: "architecture:gemma2", output: "out.gguf"),
    PartedConversion(source: "architecture:gpt2", output: "out.gguf", type: .format(.f32)),
    PartedConversion(source: "architecture:gpt-oss-mxfp4", output: "out.gguf", type: .kept),
    PartedConversion(source: "packed/yi-awq", output: "out.gguf", type: .kept),
    PartedConversion(source: "llama-gqa", output: "out.safetensors", type: .format(.f16)),
    PartedConversion(source: "adapted", output: "out.gguf", type: .format(.f16), adapter: "adapters/llama"),
    PartedConversion(source: "large", output: "out.gguf", type: recipe("Q4_K_M")),
    PartedConversion(source: "large", output: "out.gguf", type: recipe("COPY"), shardSize: 5_000_000),
  ]

  private static func recipe(_ name: String) -> ConversionRequest.TypeChoice {
    Recipe.named(name).map { .recipe($0) } ?? .automatic
  }

  /// The source, staged in `folder`.
  func stage(in folder: TemporaryFolder) throws -> String {
    if source == "large" {
      let path = folder.file("large.gguf")
      try Self.large.write(to: path)
      return path
    }
    let prefix = "architecture:"
    guard source.hasPrefix(prefix) else {
      let path = try Fixtures.checkpoint(source == "adapted" ? "llama-gqa" : source, in: folder)
      // Tests change what they stage.
      guard path == Fixtures.path(Path.name(of: path)), FileSystem.kind(of: path) == .folder else { return path }
      let copy = folder.file(Path.name(of: path))
      try FileSystem.createFolder(copy)
      for name in try FileSystem.list(path) { try Fixtures.copy(Path.join(path, name), to: Path.join(copy, name)) }
      return copy
    }
    return try ArchitectureFixture.named(String(source.dropFirst(prefix.count))).stage(in: folder)
  }

  /// Matrices of several slabs, and stacked experts.
  static let large: SeededGGUF = {
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString("acme"))
    return SeededGGUF(
      [
        ("token_embd.weight", [1500, 1024]), ("blk.0.attn_norm.weight", [1024]), ("blk.0.ffn_up.weight", [2500, 1024]),
        ("blk.0.ffn_down_exps.weight", [4, 600, 512]), ("blk.0.odd.weight", [33]), ("output.weight", [1100, 1024]),
      ], metadata: metadata)
  }()

  private static let library = Result { try ArchitectureLibrary.bundled() }

  /// The conversion of `input` into `folder`.
  func request(_ input: String, to folder: TemporaryFolder) throws -> RequestedConversion {
    var request = ConversionRequest(destination: folder.file(output))
    request.type = type
    request.maximumShardByteCount = shardSize
    request.naming = naming
    if let matrix {
      request.importance = try ImportanceMatrix.open(Fixtures.path(matrix))
      request.inputFiles = [InputFile("--imatrix", Fixtures.path(matrix))]
    }
    var conversion = RequestedConversion(input, library: try Self.library.get(), request: request)
    if let adapter { conversion.adapters = [Fixtures.path(adapter)] }
    if source == "large" { conversion.definition = .unused }
    return conversion
  }

  /// The conversion in parts, planned and saved in `folder`.
  func planned(_ input: String, in folder: TemporaryFolder, _ cut: PartCut) throws -> (ConversionParts, PartFolder) {
    let conversion = try request(input, to: folder)
    let parts = try ConversionParts(cut, arguments: ["convert"]) { try conversion.plan() }
    let saved = try SavedPlan.write(parts, to: folder.file("plan.json"), overwrite: .replace)
    return (parts, PartFolder(of: saved))
  }

  /// Does the conversion with a receipt and returns the bytes of all files, by name.
  func run(
    _ plan: ConversionPlan, in folder: TemporaryFolder, by execution: ConversionJob.Execution = .whole, threads: Int = 2
  ) throws -> [String: [UInt8]] {
    var job = ConversionJob(plan)
    job.execution = execution
    job.receiptPath = folder.file("receipt.json")
    job.threads = threads
    let _: ConversionJob.Outcome<Never> = try job.run(check: nil)
    return try Self.contents(of: folder, below: "").filter { name, _ in
      name != "plan.json" && !name.hasPrefix("parts/") && !name.hasSuffix("journal")
    }
  }

  private static func contents(of folder: TemporaryFolder, below name: String) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for entry in try FileSystem.list(folder.file(name)) {
      let path = name.isEmpty ? entry : Path.join(name, entry)
      if FileSystem.kind(of: folder.file(path)) == .folder {
        contents.merge(try Self.contents(of: folder, below: path)) { first, _ in first }
      } else {
        contents[path] = try LocalFile(folder.file(path)).wholeContent(limit: 1 << 30)
      }
    }
    return contents
  }
}
