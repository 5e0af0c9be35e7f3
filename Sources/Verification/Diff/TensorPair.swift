import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// The tensors of two checkpoints with the same identity.
struct TensorPair: Sendable {
  /// A canonical tensor of a model, or a tensor as stored.
  struct Side: Sendable {
    let checkpoint: Checkpoint
    /// For a canonical tensor with its own shape, which may differ from that of the stored tensor.
    let descriptor: TensorDescriptor
    /// The stored tensor, if it contains only this one.
    let alone: MappedTensor?
    /// Reads the canonical rows; nil to read the tensor as stored.
    let reader: RowReader?
  }

  /// Both tensors, ready to be read in one layout.
  struct Sources: Sendable {
    let reference: TensorSource, candidate: TensorSource
  }

  let identity: TensorIdentity
  let reference: Side?
  let candidate: Side?
  /// Whether one side is the token embedding instead of a tied output matrix.
  let isTied: Bool

  init(_ identity: TensorIdentity, reference: Side?, candidate: Side?, isTied: Bool = false) {
    self.identity = identity
    self.reference = reference
    self.candidate = candidate
    self.isTied = isTied
  }

  /// Returns both tensors in one layout: as stored if they have the same, otherwise the canonical one.
  ///
  /// - Throws: the `TensorProblem` of the side that cannot be read, with its path.
  func sources(_ reference: Side, _ candidate: Side) throws(LocatedError) -> Sources {
    var hasOneLayout = reference.reader == nil || candidate.reader == nil
    if let one = reference.alone, let other = candidate.alone { hasOneLayout = one.layout == other.layout }
    func source(_ side: Side) throws(LocatedError) -> TensorSource {
      do throws(TensorProblem) {
        return try TensorSource(side.checkpoint, side.descriptor, hasOneLayout ? nil : side.reader)
      } catch {
        throw LocatedError(path: side.checkpoint.path, reason: error)
      }
    }
    return Sources(reference: try source(reference), candidate: try source(candidate))
  }
}

extension TensorPair.Sources {
  /// The unit of comparison.
  enum Comparison {
    case bytes
    /// Values, in whole rows.
    case values

    /// About this many elements are compared at a time: 1 MiB of float32 per side, or 2^19 elements as stored.
    fileprivate var slabElementCount: Int { self == .values ? 1 << 18 : 1 << 19 }
  }

  /// Whether equal bytes are equal values.
  var haveOneFormat: Bool { reference.format == candidate.format }

  /// Whether both formats have a decoder.
  var canBeDecoded: Bool { Codec.canDecode(reference.format) && Codec.canDecode(candidate.format) }

  /// Elements of a row; a vector is one.
  var rowElementCount: Int {
    let shape = reference.descriptor.shape
    return max(1, shape.rank > 1 ? shape.rowElementCount : shape.elementCount)
  }

  /// Returns the slabs that are compared at a time: whole blocks, and whole rows for values. They follow from the
  /// tensors, not from the threads.
  func slabs(comparing comparison: Comparison) -> [Range<Int>] {
    let total = reference.descriptor.shape.elementCount
    var unit = Self.leastCommonMultiple(reference.unitElementCount, candidate.unitElementCount)
    if comparison == .values { unit = Self.leastCommonMultiple(unit, rowElementCount) }
    let size = max(unit, comparison.slabElementCount / unit * unit)
    return stride(from: 0, to: total, by: size).map { $0..<min(total, $0 + size) }
  }

  private static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (divisor, rest) = (a, b)
    while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
    let (multiple, overflow) = (a / max(1, divisor)).multipliedReportingOverflow(by: b)
    return overflow ? max(a, b) : max(1, multiple)
  }
}
