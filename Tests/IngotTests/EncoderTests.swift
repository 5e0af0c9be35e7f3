import Ingot
import TestSupport
import Testing

/// Encoders of other families than BERT: their GGUFs compute what transformers does, and faults in their parts are found.
@Suite("An encoder")
struct EncoderTests {
  private let folder = TemporaryFolder()

  static let names = [
    "bert-bge", "bert-reranker", "bert-pair", "roberta", "roberta-classifier", "xlm-roberta", "xlm-roberta-saved",
    "bge-reranker", "camembert", "distilbert", "distilbert-classifier", "modern-bert", "modern-bert-reranker",
    "embedding-gemma", "modern-bert-biases", "jina-bert-v2", "jina-bert-v3", "nomic-bert-moe",
  ]

  private func open(_ path: String) throws -> Model { try Model.open(path, library: .bundled()) }

  /// Converts the fixture to a GGUF of F32.
  private func gguf(_ name: String) throws -> (folder: String, gguf: String) {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    try convert(source, to: folder.file("model.gguf"))
    return (source, folder.file("model.gguf"))
  }

  private func convert(_ source: String, to destination: String) throws {
    var request = ConversionRequest(destination: destination)
    if destination.hasSuffix(".gguf") { request.type = .format(.f32) }
    try Executor.run(try Planner.plan(try open(source), request), threads: 2)
  }

  private func vector(_ path: String, _ fixture: ArchitectureFixture) throws -> [Float] {
    let tokens = try #require(fixture.expected("tokens.json").array).compactMap(\.integer)
    var pass = try ForwardPass(ModelWeights(open(path)), tokens: tokens, threads: 2)
    try pass.run()
    return try pass.textVector()
  }

  @Test("computes from a GGUF, and from the folder made of it, what transformers does", arguments: names)
  func agrees(name: String) throws {
    let fixture = try ArchitectureFixture.named(name)
    let file = fixture.hasExpected("scores.npy") ? "scores.npy" : "embedding.npy"
    let bytes = try LocalFile(fixture.expectedPath(file)).wholeContent(limit: 1 << 20)
    let expected = try #require(NumPyFile(bytes)).values
    let (_, gguf) = try gguf(name)
    try convert(gguf, to: folder.file("back"))
    for path in [gguf, folder.file("back")] {
      let found = try vector(path, fixture)
      let errors = zip(found, expected).map { (Double($0) - Double($1)) * (Double($0) - Double($1)) }
      let error = errors.reduce(0, +) / expected.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(found.count == expected.count && error <= 1e-9, "\(path)")
    }
  }

  @Test("counts no positions for padding in a text, as RoBERTa's class does")
  func padding() throws {
    let fixture = try ArchitectureFixture.named("roberta")
    let bytes = try LocalFile(fixture.expectedPath("padded.npy")).wholeContent(limit: 1 << 20)
    let expected = try #require(NumPyFile(bytes)).values
    var tokens = try #require(fixture.expected("tokens.json").array).compactMap(\.integer)
    for index in [3, 11] { tokens[index] = 1 }
    var pass = try ForwardPass(ModelWeights(open(fixture.stage(in: folder))), tokens: tokens, threads: 2)
    try pass.run()
    let error = try Self.squaredError(pass.normalizedHidden().values, expected)
    #expect(error <= 1e-9)
  }

  /// The weights of a mixture of experts, with a bias of its sum that is not zeros.
  struct Biased: WeightSource {
    let base: ModelWeights
    var hyperparameters: Hyperparameters { base.hyperparameters }

    func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
      base.contains(role, layer: layer, instance: instance)
    }

    func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws
    {
      try base.readRows(role, layer: layer, instance: instance, rows: rows, into: &values)
      if role == .mixtureBias { values = values.indices.map { Float($0 + 1) / 64 } }
    }
  }

  @Test("adds the bias of a mixture of experts once to each position")
  func mixtureBias() throws {
    let fixture = try ArchitectureFixture.named("nomic-bert-moe")
    let bytes = try LocalFile(fixture.expectedPath("biased.npy")).wholeContent(limit: 1 << 20)
    let expected = try #require(NumPyFile(bytes)).values
    let tokens = try #require(fixture.expected("tokens.json").array).compactMap(\.integer)
    let weights = try Biased(base: ModelWeights(open(fixture.stage(in: folder))))
    var pass = try ForwardPass(weights, tokens: tokens, threads: 2)
    try pass.run()
    let error = try Self.squaredError(pass.normalizedHidden().values, expected)
    #expect(error <= 1e-9)
  }

  /// The squared error relative to the squares of `expected`; infinite where the counts differ.
  private static func squaredError(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let error = zip(found, expected).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    return error / expected.reduce(0) { $0 + Double($1) * Double($1) }
  }

  @Test("states in the folder made of a GGUF which parts have biases")
  func biases() throws {
    try convert(try gguf("modern-bert-biases").gguf, to: folder.file("back"))
    let config = try JSON(parsing: LocalFile(folder.file("back/config.json")).wholeContent(limit: 1 << 16))
    for key in ["attention_bias", "mlp_bias", "norm_bias"] { #expect(config[key] == .bool(true), "\(key)") }
    #expect(config["norm_eps"]?.real == 0.001 && config["layer_norm_eps"]?.real == 1e-7)
  }

  @Test(
    "is recognized in a GGUF",
    arguments: [
      ("bert-bge", "bert"), ("bert-reranker", "bert"), ("roberta", "roberta"), ("roberta-classifier", "roberta"),
      ("xlm-roberta", "xlm-roberta"), ("nomic-bert", "nomic-bert"), ("nomic-bert-moe", "nomic-bert-moe"),
      ("distilbert", "distilbert"), ("distilbert-classifier", "distilbert"),
    ])
  func recognized(name: String, definition: String) throws {
    let (_, gguf) = try gguf(name)
    #expect(try open(gguf).definition.name == definition)
  }

  /// What `verify` says of a copy of the fixture's GGUF with a fault.
  private func faults(_ name: String, _ plant: (inout [Float]) -> Void, in tensor: String) throws -> ModelVerification {
    let (source, gguf) = try gguf(name)
    var bytes = try LocalFile(gguf).wholeContent(limit: 1 << 24)
    let descriptor = try #require(try Checkpoint.open(gguf).tensor(TensorName(tensor)))
    var values = (0..<descriptor.shape.elementCount).map { index in
      let start = descriptor.fileOffset + 4 * index
      return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
    plant(&values)
    for (index, value) in values.enumerated() {
      for byte in 0..<4 {
        let bits = value.bitPattern >> UInt32(8 * byte)
        bytes[descriptor.fileOffset + 4 * index + byte] = UInt8(truncatingIfNeeded: bits)
      }
    }
    try folder.write(bytes, to: "faulty.gguf")
    let tokens = try #require(ArchitectureFixture.named(name).expected("tokens.json").array).compactMap(\.integer)
    return try ModelVerification.verify(
      open(source), open(folder.file("faulty.gguf")), tokens: TokenChunks(tokens, length: tokens.count))
  }

  @Test("is verified by its embedding or its scores", arguments: names)
  func verified(name: String) throws {
    let verification = try faults(name, { _ in }, in: "token_embd.weight")
    #expect(verification.passes)
    #expect(verification.logits.hasSameBits)
    let isClassifier = try ArchitectureFixture.named(name).hasExpected("scores.npy")
    #expect(verification.logits.output == (isClassifier ? .scores : .embedding))
  }

  @Test(
    "is diagnosed for a fault in its head",
    arguments: [
      ("bge-reranker", "cls.output.bias", "classifier output bias"),
      ("bert-reranker", "cls.bias", "classifier dense bias"),
      ("modern-bert-reranker", "cls.norm.weight", "classifier norm"),
      ("distilbert-classifier", "cls.weight", "classifier dense"),
    ])
  func headFault(name: String, tensor: String, subject: String) throws {
    // A bias or a norm is lost; a matrix has its rows in another order.
    let verification = try faults(
      name,
      { values in
        if values.count > 64 { values = Array(values[64...] + values[..<64]) } else { values = values.map { _ in 0.5 } }
      }, in: tensor)
    #expect(!verification.passes)
    #expect(verification.diagnoses.map { "\($0.subject)" } == [subject], "\(verification.diagnoses)")
    #expect(verification.diagnoses.first?.isConfirmed == true)
    #expect(verification.diagnoses.first?.stage == "the scores")
  }

  @Test("is diagnosed for positions that begin at another row")
  func positionOffset() throws {
    let verification = try faults("roberta", { $0 = Array($0[32...] + $0[..<32]) }, in: "position_embd.weight")
    #expect(!verification.passes)
    #expect(verification.diagnoses.map { "\($0.subject)" } == ["position embedding"], "\(verification.diagnoses)")
    #expect(verification.diagnoses.first?.stage == "the embedding")
  }

  @Test("is refused where its configuration counts the unused positions otherwise")
  func paddingID() throws {
    let source = try ArchitectureFixture.named("roberta").stage(in: folder)
    let path = Path.join(source, "config.json")
    let text = String(decoding: try LocalFile(path).wholeContent(limit: 1 << 16), as: UTF8.self)
    let edited = text.replacing(#""pad_token_id": 1"#, with: #""pad_token_id": 65"#)
    try folder.write(Array(edited.utf8), to: "roberta/config.json")
    let problems = try open(source).problems.map(\.description)
    #expect(problems.isEmpty)
    #expect {
      _ = try ModelWeights(open(source))
    } throws: {
      "\($0)".contains("context_length is 0, expected at least 1")
    }
  }

  @Test(
    "is refused with labels that are not those of its head",
    arguments: [
      (#""2": "positive""#, #""2": "positive", "3": "odd""#, "id2label in config.json names 4 labels"),
      (#""id2label""#, #""other""#, "id2label in config.json is absent, which means 2 labels"),
    ])
  func labels(old: String, new: String, fact: String) throws {
    let source = try ArchitectureFixture.named("roberta-classifier").stage(in: folder)
    let path = Path.join(source, "config.json")
    let text = String(decoding: try LocalFile(path).wholeContent(limit: 1 << 16), as: UTF8.self)
    try folder.write(Array(text.replacing(old, with: new).utf8), to: "roberta-classifier/config.json")
    #expect(
      try open(source).problems.map(\.description) == [
        "tensor \"classifier.out_proj.weight\": has 3 rows, but \(fact); each row scores a label"
      ])
  }

  private func messages(_ source: String, to destination: String) throws -> [String] {
    var request = ConversionRequest(destination: folder.file(destination))
    request.overwrite = .replace
    return try Planner.plan(try open(source), request).messages.map(\.message)
  }

  @Test("has warnings of what llama.cpp computes otherwise, and of what is left out")
  func warnings() throws {
    let source = try ArchitectureFixture.named("distilbert-classifier").stage(in: folder)
    let otherwise =
      "\"cls.weight\": llama.cpp applies tanh after it, where the model has ReLU, so its scores are others"
    #expect(try messages(source, to: "model.gguf").contains(otherwise))

    let gemma = try ArchitectureFixture.named("embedding-gemma").stage(in: folder)
    let path = Path.join(gemma, "modules.json")
    let text = String(decoding: try LocalFile(path).wholeContent(limit: 1 << 16), as: UTF8.self)
    try folder.write(
      Array(text.replacing("2_Normalize", with: "2_Dense").replacing("models.Normalize", with: "models.Dense").utf8),
      to: "embedding-gemma/modules.json")
    #expect(
      try open(gemma).warnings.contains(
        "the dense stages in 2_Dense are left out: the embedding is the one before them"))
  }

  @Test("has a warning where a GGUF lacks the matrix before the classifier")
  func missingPooler() throws {
    let source = try ArchitectureFixture.named("bert-reranker").stage(in: folder)
    var request = ConversionRequest(destination: folder.file("bare.gguf"))
    request.departures = .omit
    try Executor.run(try Planner.plan(try open(source), request), threads: 2)
    #expect(
      try messages(folder.file("bare.gguf"), to: "back").contains {
        $0.hasPrefix("the matrix before the classifier is missing")
      })
    let (_, whole) = try gguf("bert-pair")
    #expect(try !messages(whole, to: "back").contains { $0.hasPrefix("the matrix before") })
  }

  @Test("states what is added to a text where no file does")
  func templateOfClass() throws {
    let whole = try ArchitectureFixture.named("roberta").stage(in: folder), source = folder.file("parts")
    try FileSystem.createFolder(source)
    for name in try FileSystem.list(whole) where name != "tokenizer.json" {
      let path = Path.join(whole, name)
      guard FileSystem.kind(of: path) == .regular else { continue }
      try folder.write(LocalFile(path).wholeContent(limit: 1 << 20), to: "parts/" + name)
    }
    try convert(source, to: folder.file("model.gguf"))
    #expect(try open(folder.file("model.gguf")).tokenizer().encode("a") == open(source).tokenizer().encode("a"))
    #expect(try open(folder.file("model.gguf")).tokenizer().encode("") == [0, 2])
  }
}
