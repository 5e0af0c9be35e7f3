import Architectures
import Bytes
import Inference
import Models

/// Finds out why a candidate is off: re-runs the suspect layers alone, on the *reference's* input, with corrections.
struct Diagnostician {
  private let reference: ModelWeights, candidate: ModelWeights
  private let tokens: [Int]
  private let threads: Int
  private let numbers: [NumberSuspicion]

  /// Tokens that the layers are re-run on: enough for a fault to show.
  private static let tokenCount = 64
  /// Suspect tensors that are looked at, and kinds of fault that are told apart: the others would be more of the same.
  private static let suspectCount = 256, familyCount = 8

  init(_ reference: Model, _ candidate: Model, tokens: [Int], threads: Int) throws {
    self.reference = try ModelWeights(reference)
    self.candidate = try ModelWeights(candidate)
    self.tokens = Array(tokens.prefix(Self.tokenCount))
    self.threads = threads
    numbers = NumberSuspicion.all(
      reference: self.reference.hyperparameters, candidate: self.candidate.hyperparameters)
  }

  /// The diagnoses in the order of the pass.
  ///
  /// - Parameters:
  ///   - suspects: the tensors that are not what the reference's formats allow.
  ///   - layer: the layer that diverged first, for faults in numbers.
  func diagnose(_ suspects: [TensorPlace], firstDiverged layer: Int?) throws -> [Diagnosis] {
    let families = try families(suspects)
    let end = reference.hyperparameters.layerCount
    let numbersLayer = numbers.isEmpty ? nil : layer ?? 0
    var pass = try ForwardPass(reference, tokens: tokens, threads: threads)
    var diagnoses = try families.filter { $0[0].isAtStart }.map { try diagnose($0, embeddingStage(pass)) }
    let atEnd = families.filter { $0[0].place.layer == nil && !$0[0].isAtStart }
    let layers = Set(families.compactMap { $0[0].place.layer } + [numbersLayer].compactMap(\.self))
    let stop = atEnd.isEmpty ? (layers.max() ?? -1) + 1 : end
    for index in 0..<min(stop, end) {
      let input = pass.hidden
      try pass.step(layer: index)
      guard layers.contains(index) else { continue }
      let stage = layerStage(index, input: input, wanted: pass.hidden)
      diagnoses += try families.filter { $0[0].place.layer == index }.map { try diagnose($0, stage) }
      guard index == numbersLayer else { continue }
      diagnoses += try numbers.compactMap { try diagnose($0, stage) ?? diagnose($0, wholePass()) }
    }
    guard !atEnd.isEmpty else { return diagnoses }
    let stage = try logitsStage(pass)
    return try diagnoses + atEnd.map { try diagnose($0, stage) }
  }

  /// The suspicions, each family with the tensor that comes first in the pass at its head.
  private func families(_ suspects: [TensorPlace]) throws -> [[Suspicion]] {
    let suspector = TensorSuspector(reference: reference, candidate: candidate)
    var families: [[Suspicion]] = []
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
  private struct Stage {
    let name: String
    let error: (SuspectWeights) throws -> Double
  }

  private func embeddingStage(_ pass: ForwardPass) -> Stage {
    let wanted = pass.hidden
    return Stage(name: "the embedding") { weights in
      ErrorMetrics(wanted, try ForwardPass(weights, tokens: tokens, threads: threads).hidden)
        .normalizedMeanSquareError
    }
  }

  private func layerStage(_ index: Int, input: Matrix, wanted: Matrix) -> Stage {
    Stage(name: "layer \(index)") { weights in
      var pass = try ForwardPass(weights, tokens: tokens, threads: threads)
      pass.hidden = input
      try pass.step(layer: index)
      return Self.addedError(input, wanted, pass.hidden)
    }
  }

  private func logitsStage(_ pass: ForwardPass) throws -> Stage {
    let wanted = try pass.result()
    return Stage(name: pass.resultName) { weights in
      var other = try ForwardPass(weights, tokens: tokens, threads: threads)
      other.hidden = pass.hidden
      return ErrorMetrics(wanted, try other.result()).normalizedMeanSquareError
    }
  }

  /// For numbers that act on the embeddings or the logits.
  private func wholePass() throws -> Stage {
    func run(_ weights: any WeightSource) throws -> ForwardPass {
      var pass = try ForwardPass(weights, tokens: tokens, threads: threads)
      for layer in 0..<weights.hyperparameters.layerCount { try pass.step(layer: layer) }
      return pass
    }
    let pass = try run(reference)
    let wanted = try pass.result()
    return Stage(name: pass.resultName) { ErrorMetrics(wanted, try run($0).result()).normalizedMeanSquareError }
  }

  private func diagnose(_ family: [Suspicion], _ stage: Stage) throws -> Diagnosis {
    let first = family[0]
    var faulty = SuspectWeights(candidate, reference: reference), corrected = faulty
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
  private func diagnose(_ number: NumberSuspicion, _ stage: Stage) throws -> Diagnosis? {
    var faulty = SuspectWeights(candidate, reference: reference)
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

extension Suspicion {
  /// Whether the tensor acts before the first layer.
  fileprivate var isAtStart: Bool { place.layer == nil && place.role.rawValue.contains("embedding") }

  /// Its layer, with −1 and `max` for what comes before and behind the layers; matrices before biases.
  fileprivate var passOrder: (Int, Int) {
    (place.layer ?? (isAtStart ? -1 : .max), place.role.rawValue.hasSuffix("_bias") ? 1 : 0)
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
