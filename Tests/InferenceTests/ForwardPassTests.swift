import Architectures
import Bytes
import Inference
import Models
import Synchronization
import TestSupport
import Testing

/// The forward pass against what transformers computed in float32 with eager attention (fixtures/generate).
///
/// `forward-pass` holds canonical weights of every architecture, with variants that have no checkpoint of their own;
/// the other fixtures go the whole way from a folder through its definition.
@Suite("The forward pass")
struct ForwardPassTests {
  static let canonicalNames = (try? FileSystem.list(Fixtures.path("forward-pass")))?.compactMap {
    $0.hasSuffix(".json") ? String($0.dropLast(".json".count)) : nil
  }
  static let folderNames = (try? FileSystem.list(Fixtures.path("expected")))?.filter {
    (try? LocalFile(Fixtures.path("expected", $0, "hidden.npy"))) != nil
      && (try? LocalFile(Fixtures.path($0, "config.json"))) != nil
  }

  @Test("agrees with transformers for every architecture", arguments: try #require(canonicalNames))
  func architectures(name: String) throws {
    let model = try CanonicalModel(name)
    var pass = try ForwardPass(model, tokens: model.tokens, threads: 2)
    let states = try #require(model.expected("hidden"))
    try Self.expectStates(&pass, states.values)
    if let expected = model.expected("embedding") {
      let embedding = try pass.embedding()
      #expect(Self.normalizedError(embedding[...], expected.values[...]) <= 1e-9)
    } else {
      Self.expectLogits(try pass.logits(), try #require(model.expected("logits")).values, every: 1)
    }
  }

  @Test("agrees with transformers for every checkpoint", arguments: try #require(folderNames))
  func checkpoints(name: String) throws {
    let folder = TemporaryFolder()
    let model = try ModelWeights(Model.open(Fixtures.checkpoint(name, in: folder), library: .bundled()))
    let tokens = try Self.tokens(name)
    var pass = try ForwardPass(model, tokens: tokens, threads: 2)
    try Self.expectStates(&pass, Self.array(name, "hidden.npy").values)
    Self.expectLogits(try pass.logits(), try Self.array(name, "logits.npy").values, every: 4)
  }

  /// Compares the residual stream before the first layer and behind each; the last one is recorded behind the last norm.
  static func expectStates(_ pass: inout ForwardPass, _ expected: [Float]) throws {
    let layerCount = pass.hyperparameters.layerCount, width = pass.hidden.values.count
    try #require(expected.count == (layerCount + 1) * width)
    for state in 0...layerCount {
      let hidden = state < layerCount ? pass.hidden : try pass.normalizedHidden()
      let error = normalizedError(hidden.values[...], expected[state * width..<(state + 1) * width])
      #expect(error <= 1e-9, "hidden state \(state)")
      if state < layerCount { try pass.step(layer: state) }
    }
  }

  /// Compares the logits of every `step`th position, of which the last is one.
  static func expectLogits(_ logits: Matrix, _ expected: [Float], every step: Int) {
    let positions = Array(stride(from: step - 1, to: logits.rowCount, by: step))
    #expect(normalizedError(positions.flatMap { logits[row: $0] }[...], expected[...]) <= 1e-9)
    for (row, position) in positions.enumerated() {
      let row = expected[row * logits.columnCount..<(row + 1) * logits.columnCount]
      #expect(greatest(logits[row: position]) == greatest(row), "position \(position)")
    }
  }

  @Test("gives the same bits on any number of threads")
  func threads() throws {
    let model = try Self.model("llama-gqa")
    let tokens = try Self.tokens("llama-gqa")
    let expected = try ForwardPass.logits(model, tokens: tokens, threads: 1)
    for threads in [2, 3, 8] {
      let logits = try ForwardPass.logits(model, tokens: tokens, threads: threads)
      #expect(logits == expected)
    }
  }

  @Test("gives the same logits for some positions as for all")
  func somePositions() throws {
    let model = try Self.model("llama3-tied")
    var pass = try ForwardPass(model, tokens: try Self.tokens("llama3-tied"), threads: 1)
    try pass.run()
    let all = try pass.logits(), some = try pass.logits(positions: 5..<7)
    #expect(some.rowCount == 2)
    #expect(some[row: 0].elementsEqual(all[row: 5]) && some[row: 1].elementsEqual(all[row: 6]))
  }

  @Test("shows an observer the input activations of every matrix")
  func activationObserver() throws {
    let model = try Self.model("llama-gqa")
    let tokens = try Self.tokens("llama-gqa")
    var pass = try ForwardPass(model, tokens: tokens, threads: 1)
    let seen = Mutex<[String: Matrix]>([:])
    pass.observeProduct = { input, role, layer, instance in
      #expect(instance == nil)
      seen.withLock { #expect($0.updateValue(input, forKey: "\(role) \(layer ?? -1)") == nil) }
    }
    try pass.run()
    let final = try pass.normalizedHidden()
    _ = try pass.logits()
    let inputs = seen.withLock { $0 }
    #expect(inputs.count == 7 * model.hyperparameters.layerCount + 1)
    #expect(inputs["output -1"] == final)
    #expect(inputs["attention_query 1"] == inputs["attention_value 1"])
    #expect(inputs["feed_forward_gate 0"] == inputs["feed_forward_up 0"])
    #expect(inputs["feed_forward_down 0"]?.columnCount == model.hyperparameters.feedForwardLength)
  }

  @Test("shows an observer the update of every layer")
  func layerObserver() throws {
    let model = try Self.model("llama-gqa")
    var pass = try ForwardPass(model, tokens: [1, 2, 3], threads: 1)
    var sum = pass.hidden.values
    var stages: [String] = []
    try pass.run { layer, stage, addend in
      stages.append("\(layer) \(stage.rawValue)")
      for index in sum.indices { sum[index] += addend.values[index] }
    }
    #expect(stages == ["0 attention", "0 feedForward", "1 attention", "1 feedForward", "2 attention", "2 feedForward"])
    #expect(sum == pass.hidden.values)
  }

  @Test("does not depend on later tokens")
  func causality() throws {
    let model = try Self.model("llama-gqa")
    let tokens = try Self.tokens("llama-gqa")
    let all = try ForwardPass.logits(model, tokens: tokens, threads: 2)
    let head = try ForwardPass.logits(model, tokens: Array(tokens.prefix(7)), threads: 2)
    #expect(head.values[...] == all.values.prefix(head.values.count))
  }

  static func model(_ name: String) throws -> ModelWeights {
    try ModelWeights(Model.open(Fixtures.path(name), library: .bundled()))
  }

  static func tokens(_ name: String) throws -> [Int] {
    let file = try LocalFile(Fixtures.path("expected", name, "tokens.json")).wholeContent(limit: 1 << 20)
    return try #require(JSON(parsing: file).array).compactMap(\.integer)
  }

  static func array(_ name: String, _ file: String) throws -> NumPyFile {
    try #require(NumPyFile(LocalFile(Fixtures.path("expected", name, file)).wholeContent(limit: 1 << 24)))
  }

  /// `Σ (a - b)² / Σ b²`
  static func normalizedError(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    return difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }
  }

  static func greatest(_ row: ArraySlice<Float>) -> Int? {
    row.indices.max { row[$0] < row[$1] }.map { $0 - row.startIndex }
  }
}
