import Bytes
import Conversion
import Formats
import Foundation
import Models
import TestSupport
import Tensors
import Testing

/// A case of `fixtures/partitions/expected.json`: the parts that torch made with plain slices.
struct PartitionCase: Sendable, CustomTestStringConvertible {
  let source: String
  let options: [String]
  /// The type, shape and SHA-256 of each tensor, in one text, by name and file.
  let files: [String: [String: String]]

  static let all = (try? load()) ?? []

  private static func load() throws -> [PartitionCase] {
    try (try Fixtures.json("partitions", "expected.json")["cases"]?.array ?? []).map { entry in
      var files: [String: [String: String]] = [:]
      for (file, tensors) in entry["files"]?.object ?? [:] {
        for (name, facts) in tensors.object ?? [:] { files[file.text, default: [:]][name.text] = facts.text(.compact) }
      }
      return PartitionCase(
        source: try #require(entry["source"]?.string), options: entry["options"]?.array?.compactMap(\.string) ?? [],
        files: files)
    }
  }

  var testDescription: String { "\(source) \(options.joined(separator: " "))" }

  private func value(_ option: String) -> String? {
    options.firstIndex(of: option).map { options[$0 + 1] }
  }

  var partition: ConversionRequest.Partition {
    func number(_ option: String) -> Int? { value(option).flatMap { Int($0) } }
    if let count = number("--shards") {
      let embedding = value("--embedding-split").flatMap(ModelParallelSplit.Embedding.init)
      return .modelParallel(shardCount: count, embedding: embedding)
    }
    return .megatron(
      MegatronSplit(
        tensorSize: number("--tensor-parallel") ?? 1, stageCount: number("--pipeline-parallel") ?? 1,
        vocabularyDivisor: number("--make-vocab-size-divisible-by") ?? MegatronSplit.defaultVocabularyDivisor))
  }
}

@Suite("A model that is split among ranks")
struct PartitionTests {
  private static let types: [StorageFormat: String] = [.bf16: "bfloat16", .f16: "float16", .f32: "float32"]
  private let folder = TemporaryFolder()

  private func split(
    _ source: String, _ partition: ConversionRequest.Partition, to name: String = "out", threads: Int = 2,
    _ edit: (inout ConversionRequest) -> Void = { _ in }
  ) throws -> String {
    try convert(source, to: folder.file(name), threads: threads) {
      $0.partition = partition
      edit(&$0)
    }
    return folder.file(name)
  }

  /// What is in one file, in the form of the expected facts.
  private func facts(_ path: String) throws -> [String: String] {
    // Under another name the file is not joined with its neighbors.
    let copy = TemporaryFolder()
    let checkpoint = try Checkpoint.open(copy.write(LocalFile(path).wholeContent(limit: 1 << 26), to: "part.bin"))
    var facts: [String: String] = [:]
    for tensor in checkpoint.tensors {
      let range = try #require(tensor.byteRange)
      let bytes = try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
      let entry = JSON.array([
        .string(tensor.format.flatMap { Self.types[$0] } ?? "none"),
        .array(tensor.shape.dimensions.map { .integer($0) }),
        .string(FileDigest.sha256(bytes)),
      ])
      facts[tensor.name.text] = entry.text(.compact)
    }
    return facts
  }

  @Test("gives each the slices that torch makes", arguments: PartitionCase.all)
  func slices(expected: PartitionCase) throws {
    let path = try split(Fixtures.path(expected.source), expected.partition)
    for (file, tensors) in expected.files {
      let isEqual = try facts(Path.join(path, file)) == tensors
      #expect(isEqual, "\(file)")
    }
  }

  @Test("is the same model when it is read again", arguments: PartitionCase.all)
  func roundTrip(expected: PartitionCase) throws {
    let source = Fixtures.path(expected.source), path = try split(source, expected.partition)
    try convert(path, to: folder.file("hf")) { $0.naming = "hf" }
    let original = try tensorBytes(source)
    var returned = try tensorBytes(folder.file("hf"))
    // The copy of a tied embedding, which Meta's programs want.
    if original["lm_head.weight"] == nil, let copy = returned.removeValue(forKey: "lm_head.weight") {
      #expect(copy == original["model.embed_tokens.weight"])
    }
    let isEqual = original == returned
    #expect(isEqual)
    #expect(try sideFile("config.json", of: source) == sideFile("config.json", of: folder.file("hf")))
  }

  private func sideFile(_ name: String, of folder: String) throws -> JSON {
    try JSON(parsing: LocalFile(Path.join(folder, name)).wholeContent(limit: 1 << 20))
  }

  @Test(
    "states its hyperparameters for its program, without config.json",
    arguments: [
      "megatron/twin", "megatron/twin-tied", "megatron/twin-bias", "llama-gqa",
      #"llama-gqa {"rope_type": "linear", "factor": 2.5}"#,
      #"llama-gqa {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "#
        + #""original_max_position_embeddings": 8192}"#,
    ])
  func hyperparameters(text: String) throws {
    let words = text.split(separator: " ", maxSplits: 1).map(String.init)
    let source = try folder.copy(of: Fixtures.path(words[0]), ropeScaling: words.count > 1 ? words[1] : nil)
    let path = try split(source, .megatron(MegatronSplit(tensorSize: 2, stageCount: 1)))
    try FileManager.default.removeItem(atPath: Path.join(path, "config.json"))
    let model = try Model.open(path, library: .bundled())
    let original = try Model.open(source, library: .bundled())
    #expect(model.scheme.name == "megatron")
    #expect(model.hyperparameters.values == original.hyperparameters.values)
    #expect(model.hyperparameters.rotaryScaling == original.hyperparameters.rotaryScaling)
    #expect(model.origin(of: "vocabulary_size")?.description == "args.vocab_size")
  }

  @Test("says which hyperparameters its program has no argument for")
  func lost() throws {
    var request = ConversionRequest(destination: folder.file("out"))
    request.partition = .megatron(MegatronSplit(tensorSize: 1, stageCount: 1))
    func warnings(_ source: String) throws -> [String] {
      let plan = try Planner.plan(try Model.open(source, library: .bundled()), request)
      return plan.messages.filter { $0.severity == .warning }.map(\.message)
    }
    let reason = "is lost in the grid: Megatron-LM has no argument for it"
    #expect(
      try warnings(Fixtures.path("llama3-tied"))
        == ["original_max_position_embeddings 64 of rotary scaling \"llama3\" \(reason)"])
    let dynamic = try folder.copy(
      of: Fixtures.path("llama-gqa"), ropeScaling: #"{"rope_type": "dynamic", "factor": 2.0}"#)
    #expect(try warnings(dynamic).contains("rotary scaling \"dynamic\" \(reason)"))
  }

  @Test("has params.json, and reads as Meta's folder without config.json")
  func params() throws {
    let source = Fixtures.path("llama-gqa")
    let path = try split(source, .modelParallel(shardCount: 2, embedding: nil))
    try FileManager.default.removeItem(atPath: Path.join(path, "config.json"))
    try convert(path, to: folder.file("hf")) { $0.naming = "hf" }
    let isEqual = try tensorBytes(source) == tensorBytes(folder.file("hf"))
    #expect(isEqual)
    // The tokenizer is beside the weights in both.
    #expect(try LocalFolder(folder.file("hf")).names(in: "").contains("tokenizer.model"))
  }

  @Test("has the same bytes for any number of threads")
  func threads() throws {
    let partition = ConversionRequest.Partition.megatron(MegatronSplit(tensorSize: 2, stageCount: 1))
    let source = Fixtures.path("megatron", "twin")
    let file = "iter_0000001/mp_rank_01/model_optim_rng.pt"
    let bytes = try [1, 3].map { count in
      let path = try split(source, partition, to: "\(count)", threads: count)
      return try LocalFile(Path.join(path, file)).wholeContent(limit: 1 << 20)
    }
    let isEqual = bytes[0] == bytes[1]
    #expect(isEqual)
  }

  @Test("comes from a quantized GGUF as well, decoded")
  func quantized() throws {
    try convert(Fixtures.path("llama-gqa"), to: folder.file("m.gguf")) { $0.type = .format(.q8_0) }
    try convert(folder.file("m.gguf"), to: folder.file("direct")) { $0.type = .format(.f16) }
    for partition in [
      ConversionRequest.Partition.modelParallel(shardCount: 2, embedding: .columns),
      .megatron(MegatronSplit(tensorSize: 2, stageCount: 3)),
    ] {
      let path = try split(folder.file("m.gguf"), partition, to: partition.schemeName) { $0.type = .format(.f16) }
      try convert(path, to: folder.file(partition.schemeName + "-hf")) { $0.naming = "hf" }
      let isEqual =
        try tensorBytes(folder.file("direct")) == tensorBytes(folder.file(partition.schemeName + "-hf"))
      #expect(isEqual, "\(partition.schemeName)")
    }
  }

  @Test("comes from an encoded model and from merged adapters as well")
  func composed() throws {
    let sources = [("packed/llama-gptq-act-order", []), ("llama-gqa", [Fixtures.path("adapters", "llama")])]
    for (source, adapters) in sources {
      let work = TemporaryFolder()
      func write(_ name: String, _ partition: ConversionRequest.Partition?) throws {
        try convert(Fixtures.path(source), to: work.file(name), adapters: adapters) {
          $0.type = .format(.f16)
          $0.partition = partition
        }
      }
      try write("direct", nil)
      let direct = try tensorBytes(work.file("direct"))
      for partition in [
        ConversionRequest.Partition.modelParallel(shardCount: 2, embedding: .columns),
        .megatron(MegatronSplit(tensorSize: 2, stageCount: 1)),
      ] {
        try write(partition.schemeName, partition)
        try convert(work.file(partition.schemeName), to: work.file(partition.schemeName + "-hf")) { $0.naming = "hf" }
        let isEqual = try direct == tensorBytes(work.file(partition.schemeName + "-hf"))
        #expect(isEqual, "\(source) \(partition.schemeName)")
      }
    }
  }

  @Test("can be split another way")
  func again() throws {
    let source = Fixtures.path("megatron", "twin")
    let one = try split(source, .megatron(MegatronSplit(tensorSize: 2, stageCount: 2)), to: "one")
    let other = try split(one, .megatron(MegatronSplit(tensorSize: 1, stageCount: 4)), to: "other")
    let direct = try split(source, .megatron(MegatronSplit(tensorSize: 1, stageCount: 4)), to: "direct")
    for stage in 0..<4 {
      let file = "iter_0000001/mp_rank_00_00\(stage)/model_optim_rng.pt"
      let isEqual = try facts(Path.join(other, file)) == facts(Path.join(direct, file))
      #expect(isEqual, "\(file)")
    }
    let shards = try split(Fixtures.path("pytorch", "meta"), .modelParallel(shardCount: 1, embedding: nil), to: "meta")
    try convert(shards, to: folder.file("hf")) { $0.naming = "hf" }
    let isEqual = try tensorBytes(folder.file("hf")) == tensorBytes(Fixtures.path("pytorch", "twin"))
    #expect(isEqual)
  }
}

extension TemporaryFolder {
  /// Copies a model folder, with another RoPE scaling in config.json.
  fileprivate func copy(of source: String, ropeScaling: String?) throws -> String {
    let path = file("source")
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: source, toPath: path)
    guard let ropeScaling else { return path }
    let text = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
    let changed = text.replacing("\"rope_scaling\": null", with: "\"rope_scaling\": \(ropeScaling)")
    try write(Array(changed.utf8), to: "source/config.json")
    return path
  }
}
