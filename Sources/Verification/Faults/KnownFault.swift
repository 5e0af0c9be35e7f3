import Architectures

/// A way in which conversions are known to go wrong: how it is detected, what corrects it, and how it is worded.
///
/// A fault is one file of this folder and one entry of `FaultRegistry.all`. A hypothesis is confirmed by running the
/// layer again with the correction, see `Diagnostician`.
protocol KnownFault: Sendable {
  /// Its name in reports.
  var id: FaultID { get }
  /// The fault in words, for the table in the documentation.
  var summary: String { get }
  /// The step of the search in which its hypotheses are considered.
  var detection: FaultDetection { get }
  /// The name of the correction in a diagnosis.
  var correctionWords: String { get }
  /// Returns what may be wrong with one tensor of the candidate.
  func hypotheses(about tensor: SuspectTensor) throws -> [FaultHypothesis]
  /// The hyperparameters whose difference is this fault, in the order in which they are reported.
  var hyperparameters: [HyperparameterProbe] { get }
  /// Returns what may be wrong with the hyperparameters of the candidate.
  func hypotheses(about models: HyperparameterPair) -> [HyperparameterHypothesis]
}

extension KnownFault {
  var correctionWords: String { "correcting it" }
  var hyperparameters: [HyperparameterProbe] { [] }
  func hypotheses(about tensor: SuspectTensor) throws -> [FaultHypothesis] { [] }
  func hypotheses(about models: HyperparameterPair) -> [HyperparameterHypothesis] {
    hyperparameters.compactMap { $0.hypothesis(self, models) }
  }
}

/// The steps of the search, in order; the first that explains a tensor ends it.
enum FaultDetection: Sendable, Hashable {
  /// The architecture shows the fault.
  case structure
  /// Of all hypotheses, the one that explains a sample of rows best wins.
  case sampledRows
  /// All rows are searched.
  case wholeTensor
  /// Nothing else explains the tensor.
  case lastResort
  /// The hyperparameters differ.
  case hyperparameters
}

/// The name of a known fault in reports.
public struct FaultID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  init(_ name: String) { rawValue = name }

  public var description: String { rawValue }
}
