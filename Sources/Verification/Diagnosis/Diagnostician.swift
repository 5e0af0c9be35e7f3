import Architectures
import Bytes
import Inference
import Models

/// Finds out why a candidate is off: re-runs the suspect layers alone, on the *reference's* input, with corrections.
struct Diagnostician {
  private let reference: ModelWeights, candidate: ModelWeights
  private let tokens: [Int]
  private let threads: Int
  private let numbers: [HyperparameterHypothesis]

  /// Tokens that the layers are re-run on: enough for a fault to show.
  private static let tokenCount = 64
  /// Suspect tensors that are looked at, and kinds of fault that are told apart: the others would be more of the same.
  private static let suspectCount = 256, familyCount = 8

  init(_ reference: Model, _ candidate: Model, tokens: [Int], threads: Int) throws {
    self.reference = try ModelWeights(reference)
    self.candidate = try ModelWeights(candidate, despiteContradictions: true)
    self.tokens = Array(tokens.prefix(Self.tokenCount))
    self.threads = threads
    numbers = HyperparameterHypothesis.all(
      reference: self.reference.hyperparameters, candidate: self.candidate.hyperparameters)
  }

  /// The diagnoses in the order of the pass.
  ///
  /// - Parameters:
  ///   - suspects: the tensors that are not what the reference's formats allow.
  ///   - place: what diverged first, for faults in numbers.
  func diagnose(_ suspects: [TensorSlot], firstDiverged place: HiddenStateComparison.Point?) throws -> [Diagnosis] {
    let families = try families(suspects)
    var pass = try ForwardPass(reference, tokens: tokens, threads: threads)
    var diagnoses = try families.filter { $0[0].isAtStart }.map { try diagnose($0, embeddingStage(pass)) }
    let stacks = reference.hyperparameters.stacks
    var open = Dictionary(grouping: families.filter { !$0[0].isAtStart }) { $0[0].stage(in: stacks) }
    var numbersStage: HiddenStateComparison.Point?
    if !numbers.isEmpty {
      if case .layer = place { numbersStage = place } else { numbersStage = .layer(stacks[0], 0) }
    }
    repeat {
      let stack = pass.state.stack
      for index in 0..<pass.hyperparameters.layerCount {
        guard !open.isEmpty || numbersStage != nil else { return diagnoses }
        let input = pass.state, here = HiddenStateComparison.Point.layer(stack, index)
        try pass.step(layer: index)
        let found = open.removeValue(forKey: here) ?? []
        guard !found.isEmpty || here == numbersStage else { continue }
        let stage = layerStage(index, input: input, wanted: pass.hidden)
        diagnoses += try found.map { try diagnose($0, stage) }
        guard here == numbersStage else { continue }
        numbersStage = nil
        diagnoses += try numbers.compactMap { try diagnose($0, stage) ?? diagnose($0, wholePass()) }
      }
      guard let found = open.removeValue(forKey: .outputNorm(stack)) else { continue }
      let stage = try stack == .encoder ? normStage(pass) : logitsStage(pass)
      diagnoses += try found.map { try diagnose($0, stage) }
    } while try pass.advanceToDecoder()
    return diagnoses
  }

  /// The suspicions, each family with the tensor that comes first in the pass at its head.
  private func families(_ suspects: [TensorSlot]) throws -> [[FaultHypothesis]] {
    let suspector = FaultFinder(reference: reference, candidate: candidate)
    var families: [[FaultHypothesis]] = []
    var indices: [String: Int] = [:]
    for suspicion in try suspects.prefix(Self.suspectCount).map(suspector.suspicion) {
      if let index = indices[suspicion.family] {
        families[index].append(suspicion)
      } else {
        indices[suspicion.family] = families.count
        families.append([suspicion])
      }
    }
    return families.prefix(Self.familyCount).map { family in
      let first = family.indices.min { family[$0].passOrder < family[$1].passOrder } ?? 0
      return [family[first]] + family[..<first] + family[(first + 1)...]
    }
  }

  /// A part of the pass that is run on the reference's input; its error with some weights.
  private struct Sublayer {
    let name: String
    let error: (PatchedWeights) throws -> Double
  }

  private func embeddingStage(_ pass: ForwardPass) -> Sublayer {
    let wanted = pass.hidden
    return Sublayer(name: "the embedding") { weights in
      ErrorMetrics(wanted, try ForwardPass(weights, tokens: tokens, threads: threads).hidden)
        .normalizedMeanSquareError
    }
  }

  private func layerStage(_ index: Int, input: ForwardPass.State, wanted: Matrix) -> Sublayer {
    Sublayer(name: input.stack.naming("layer \(index)")) { weights in
      var pass = try ForwardPass(weights, tokens: tokens, threads: threads)
      pass.state = input
      try pass.step(layer: index)
      return Self.addedError(input.hidden, wanted, pass.hidden)
    }
  }

  /// For the norm behind an encoder.
  private func normStage(_ pass: ForwardPass) throws -> Sublayer {
    let wanted = try pass.normalizedHidden()
    return Sublayer(name: "what the encoder gives") { weights in
      var other = try ForwardPass(weights, tokens: tokens, threads: threads)
      other.state = pass.state
      return ErrorMetrics(wanted, try other.normalizedHidden()).normalizedMeanSquareError
    }
  }

  private func logitsStage(_ pass: ForwardPass) throws -> Sublayer {
    let wanted = try pass.result()
    return Sublayer(name: pass.resultName) { weights in
      var other = try ForwardPass(weights, tokens: tokens, threads: threads)
      other.state = pass.state
      return ErrorMetrics(wanted, try other.result()).normalizedMeanSquareError
    }
  }

  /// For numbers that act on the embeddings or the logits.
  private func wholePass() throws -> Sublayer {
    func run(_ weights: any WeightSource) throws -> ForwardPass {
      var pass = try ForwardPass(weights, tokens: tokens, threads: threads)
      try pass.run()
      return pass
    }
    let pass = try run(reference)
    let wanted = try pass.result()
    return Sublayer(name: pass.resultName) { ErrorMetrics(wanted, try run($0).result()).normalizedMeanSquareError }
  }

  private func diagnose(_ family: [FaultHypothesis], _ stage: Sublayer) throws -> Diagnosis {
    let first = family[0]
    var faulty = PatchedWeights(candidate, reference: reference), corrected = faulty
    for suspicion in family where suspicion.place.layer == first.place.layer {
      faulty.corrections[suspicion.place] = .keeping
      corrected.corrections[suspicion.place] = suspicion.correction
    }
    if first.place.role == .output { faulty.hyperparameters.tiesEmbeddings = candidate.hyperparameters.tiesEmbeddings }
    return Diagnosis(
      cause: first.cause, place: "\(first.place)", otherPlaces: family.dropFirst().map { "\($0.place)" },
      words: first.words, stage: stage.name, error: try stage.error(faulty),
      correctedError: try stage.error(corrected))
  }

  /// Nil if the number has no effect in the stage.
  private func diagnose(_ number: HyperparameterHypothesis, _ stage: Sublayer) throws -> Diagnosis? {
    var faulty = PatchedWeights(candidate, reference: reference)
    let corrected = faulty
    faulty.hyperparameters = number.faulty
    let error = try stage.error(faulty)
    return error == 0
      ? nil
      : Diagnosis(
        cause: number.cause, place: number.place, otherPlaces: [], words: number.words, stage: stage.name,
        error: error, correctedError: try stage.error(corrected))
  }

  /// The error of what a layer adds to the residual stream, as a share of what it should add.
  private static func addedError(_ input: Matrix, _ wanted: Matrix, _ found: Matrix) -> Double {
    func added(_ output: Matrix) -> Matrix {
      var difference = output
      for index in difference.values.indices { difference.values[index] -= input.values[index] }
      return difference
    }
    let metrics = ErrorMetrics(added(wanted), added(found))
    return metrics.nonfiniteMismatchCount > 0 ? .infinity : metrics.normalizedMeanSquareError
  }
}

extension FaultHypothesis {
  /// Whether the tensor acts before the first layer.
  fileprivate var isAtStart: Bool { place.layer == nil && place.role.rawValue.contains("embedding") }

  /// Whether it is a decoder's, behind an encoder; its layer, with −1 and `max` for what comes before and behind the
  /// layers; matrices before biases.
  fileprivate var passOrder: (Int, Int, Int) {
    (
      !isAtStart && place.role.belongs(to: .decoder) ? 1 : 0, place.layer ?? (isAtStart ? -1 : .max),
      place.role.rawValue.hasSuffix("_bias") ? 1 : 0
    )
  }

  /// Where in the pass a tensor acts that is not at the start.
  fileprivate func stage(in stacks: [LayerStack]) -> HiddenStateComparison.Point {
    let stack = stacks.last { place.role.belongs(to: $0) } ?? .only
    return place.layer.map { .layer(stack, $0) } ?? .outputNorm(stack)
  }
}

extension ForwardPass {
  /// What the model gives: the logits of every position, or the vector of an encoder.
  fileprivate func result() throws -> Matrix {
    guard hyperparameters.features.output == .embedding else { return try logits(positions: 0..<tokens.count) }
    var matrix = Matrix(rowCount: 1, columnCount: hyperparameters.embeddingLength)
    matrix.values = try embedding()
    return matrix
  }

  fileprivate var resultName: String {
    hyperparameters.features.output == .embedding ? "the vector" : "the logits"
  }
}
