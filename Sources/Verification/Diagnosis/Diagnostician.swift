import Architectures
import Bytes
import Inference
import Models

/// Finds out why a candidate is off: re-runs the suspect layers alone, on the reference's input, with corrections.
struct Diagnostician {
  private let reference: ModelWeights, candidate: ModelWeights
  private let tokens: [Int]
  private let threads: Int
  private let numbers: [NumberSuspicion]

  /// Tokens that the layers are re-run on: enough for a fault to show.
  private static let tokenCount = 64
  /// Suspect layers that are re-run; one fault in all layers is said often enough.
  private static let layerCount = 4

  init(_ reference: Model, _ candidate: Model, tokens: [Int], threads: Int) throws {
    self.reference = try ModelWeights(reference)
    self.candidate = try ModelWeights(candidate)
    self.tokens = Array(tokens.prefix(Self.tokenCount))
    self.threads = threads
    numbers = NumberSuspicion.all(
      reference: self.reference.hyperparameters, candidate: self.candidate.hyperparameters)
  }

  /// The diagnoses.
  ///
  /// - Parameters:
  ///   - suspects: the tensors that are not what the reference's formats allow.
  ///   - layer: the layer that diverged first, for faults in numbers.
  func diagnose(_ suspects: [TensorPlace], firstDiverged layer: Int?) throws -> [Diagnosis] {
    let byLayer = Dictionary(grouping: suspects, by: \.layer)
    var layers = byLayer.keys.compactMap(\.self).sorted().prefix(Self.layerCount).map(\.self)
    if !numbers.isEmpty, !layers.contains(layer ?? 0) { layers = ([layer ?? 0] + layers).sorted() }
    let numbersLayer = numbers.isEmpty ? nil : layer ?? 0
    var diagnoses = try diagnoseEmbedding(byLayer[nil] ?? [])
    let atEnd = (byLayer[nil] ?? []).filter { $0.role != .tokenEmbedding }
    let end = reference.hyperparameters.layerCount
    let last = atEnd.isEmpty ? (layers.last ?? -1) + 1 : end
    var pass = try ForwardPass(reference, tokens: tokens, threads: threads)
    for index in 0..<min(last, end) {
      let input = pass.hidden
      try pass.step(layer: index)
      guard layers.contains(index) else { continue }
      let wanted = pass.hidden
      let stage = Stage(name: "layer \(index)") { weights in
        var other = try ForwardPass(weights, tokens: tokens, threads: threads)
        other.hidden = input
        try other.step(layer: index)
        return Self.addedError(input, wanted, other.hidden)
      }
      diagnoses += try diagnose(byLayer[index] ?? [], at: stage, tryingNumbers: index == numbersLayer)
    }
    if !atEnd.isEmpty {
      let final = pass.hidden
      let wanted = try pass.logits(positions: 0..<tokens.count)
      let stage = Stage(name: "the logits") { weights in
        var other = try ForwardPass(weights, tokens: tokens, threads: threads)
        other.hidden = final
        return ErrorMetrics(wanted, try other.logits(positions: 0..<tokens.count)).normalizedMeanSquareError
      }
      diagnoses += try diagnose(atEnd, at: stage, tryingNumbers: false)
    }
    return diagnoses
  }

  /// A part of the pass that is run on the reference's input; its error with some weights.
  private struct Stage {
    let name: String
    let error: (CorrectedWeights) throws -> Double
  }

  private func diagnoseEmbedding(_ suspects: [TensorPlace]) throws -> [Diagnosis] {
    let embedding = suspects.filter { $0.role == .tokenEmbedding }
    let wanted = try ForwardPass(reference, tokens: tokens, threads: threads).hidden
    let stage = Stage(name: "the embedding") { weights in
      ErrorMetrics(wanted, try ForwardPass(weights, tokens: tokens, threads: threads).hidden)
        .normalizedMeanSquareError
    }
    return try diagnose(embedding, at: stage, tryingNumbers: false)
  }

  private func diagnose(
    _ suspects: [TensorPlace], at stage: Stage, tryingNumbers: Bool
  ) throws -> [Diagnosis] {
    let suspector = TensorSuspector(reference: reference, candidate: candidate)
    let suspicions = try suspects.map(suspector.suspicion)
    let usesNumbers = tryingNumbers ? numbers : []
    guard !suspicions.isEmpty || !usesNumbers.isEmpty else { return [] }

    let asItIs = CorrectedWeights(candidate, reference: reference)
    var corrected = asItIs, least = asItIs
    // Where weights and numbers are both suspect, each is judged with the other set right.
    corrected.hyperparameters = reference.hyperparameters.tied(as: candidate.hyperparameters)
    least.hyperparameters = corrected.hyperparameters
    for suspicion in suspicions {
      corrected.corrections[suspicion.place] = suspicion.correction
      least.corrections[suspicion.place] = .replacing
    }
    let error = try stage.error(asItIs), correctedError = try stage.error(corrected)
    let leastError = try stage.error(least)
    var diagnoses = suspicions.map {
      Diagnosis(
        cause: $0.cause, place: "\($0.place)", words: $0.words, stage: stage.name, error: error,
        correctedError: correctedError, leastError: leastError)
    }
    for number in usesNumbers {
      var single = least
      single.hyperparameters = number.corrected.tied(as: candidate.hyperparameters)
      diagnoses.append(
        Diagnosis(
          cause: number.cause, place: number.place, words: number.words, stage: stage.name, error: error,
          correctedError: try stage.error(single), leastError: leastError))
    }
    return diagnoses
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

extension Hyperparameters {
  /// These numbers, with the output matrix tied as `other` has it: which tensors there are is no number.
  fileprivate func tied(as other: Hyperparameters) -> Hyperparameters {
    var numbers = self
    numbers.tiesEmbeddings = other.tiesEmbeddings
    return numbers
  }
}
