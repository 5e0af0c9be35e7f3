import Architectures

/// The hyperparameters of two models.
struct HyperparameterPair: Sendable {
  let reference: Hyperparameters, candidate: Hyperparameters
}

/// One hyperparameter that can be compared, and tried alone.
struct HyperparameterProbe: Sendable {
  /// Its name in reports.
  let name: String
  /// The value in words; equal words are equal values.
  let words: @Sendable (Hyperparameters) -> String
  /// Gives the second model the value of the first.
  let copy: @Sendable (Hyperparameters, inout Hyperparameters) -> Void

  init<Value>(
    _ name: String, _ path: WritableKeyPath<Hyperparameters, Value> & Sendable,
    words: @escaping @Sendable (Value) -> String
  ) {
    self.name = name
    self.words = { words($0[keyPath: path]) }
    copy = { $1[keyPath: path] = $0[keyPath: path] }
  }

  init(_ name: String, _ path: WritableKeyPath<Hyperparameters, Double?> & Sendable) {
    self.init(name, path) { $0.map { "\(Float($0))" } ?? "none" }
  }

  /// Returns nil if the values are equal.
  func hypothesis(_ fault: any KnownFault, _ models: HyperparameterPair) -> HyperparameterHypothesis? {
    let one = words(models.reference), other = words(models.candidate)
    guard one != other else { return nil }
    var faulty = models.reference
    copy(models.candidate, &faulty)
    return HyperparameterHypothesis(
      fault: fault, name: name, words: "is \(one) in the reference, \(other) in the candidate", faulty: faulty)
  }
}
