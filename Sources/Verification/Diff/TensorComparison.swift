import Bytes
import Tensors

/// A tensor of two checkpoints, compared.
public struct TensorComparison: Sendable {
  /// The relation of the two.
  public enum Outcome: Sendable {
    /// The same bytes in the same storage format.
    case equalBytes
    /// The same values in different bytes.
    case equalValues
    /// Other values.
    case different(ErrorMetrics)
    /// Only the reference has it.
    case onlyInReference
    /// Only the candidate has it.
    case onlyInCandidate
    /// The shapes differ, so nothing was compared.
    case otherShape
    /// The bytes or formats differ, and the values cannot be decoded, for this reason.
    case unreadable(String)
  }

  public let identity: TensorIdentity
  /// Nil if only the other side has the tensor.
  public let reference: TensorDescriptor?, candidate: TensorDescriptor?
  /// Whether one of them is the token embedding instead of a tied output matrix.
  public let isTied: Bool
  public let outcome: Outcome
  /// The normalized mean square error of quantizing the reference's tensor to the candidate's format; measured if the
  /// candidate's error exceeds the limit of its format.
  public let baselineError: Double?
  /// Rows with errors that the baseline does not explain, in order; the worst of them if there are many.
  public let wrongRows: [WrongRow]

  /// A row with an error far above its baseline.
  public struct WrongRow: Sendable, Hashable {
    /// The row, counted from 0.
    public let row: Int
    /// Its normalized mean square error, and that of quantizing the reference's row to the candidate's format; nil for
    /// formats without an encoder.
    public let error: Double, baselineError: Double?
  }

  /// Whether its values were compared.
  public var isCompared: Bool {
    switch outcome {
    case .equalBytes, .equalValues, .different: true
    default: false
    }
  }

  /// The error metrics: zeros for equal tensors, nil for those not compared.
  public var metrics: ErrorMetrics? {
    switch outcome {
    case .equalBytes, .equalValues: ErrorMetrics()
    case .different(let metrics): metrics
    default: nil
    }
  }

  /// The elements of the tensor, of the larger one if they differ.
  public var elementCount: Int {
    max(reference?.shape.elementCount ?? 0, candidate?.shape.elementCount ?? 0)
  }

  /// The outcome in a word or two.
  public var verdict: String {
    switch outcome {
    case .equalBytes: "equal bytes"
    case .equalValues: "equal values"
    case .different: "different"
    case .onlyInReference: "only in reference"
    case .onlyInCandidate: "only in candidate"
    case .otherShape: "other shape"
    case .unreadable: "not compared"
    }
  }
}

/// The share of two checkpoints that was compared.
public struct Coverage: Sendable, Hashable, CustomStringConvertible {
  /// Tensors that were compared, and all tensors.
  public let comparedTensorCount: Int, tensorCount: Int
  /// Elements that were compared, and all elements.
  public let comparedElementCount: Int, elementCount: Int

  /// Counts what was compared.
  public init(_ tensors: [TensorComparison]) {
    let compared = tensors.filter(\.isCompared)
    comparedTensorCount = compared.count
    tensorCount = tensors.count
    comparedElementCount = compared.reduce(0) { $0 &+ $1.elementCount }
    elementCount = tensors.reduce(0) { $0 &+ $1.elementCount }
  }

  /// Whether everything was compared.
  public var isComplete: Bool { comparedTensorCount == tensorCount }

  /// `compared 30 of 30 tensors, 190,144 of 190,144 elements`
  public var description: String {
    "compared \(comparedTensorCount.grouped) of \(counted(tensorCount, "tensor")), "
      + "\(comparedElementCount.grouped) of \(counted(elementCount, "element"))"
  }
}
