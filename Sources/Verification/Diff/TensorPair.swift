import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// What stands in the same place of two checkpoints.
struct TensorPair: Sendable {
  /// A canonical tensor of a model, or a tensor that is taken as it lies.
  struct Side: Sendable {
    let checkpoint: Checkpoint
    /// Its facts; for a canonical tensor with its own shape, which need not be that of the one that stores it.
    let descriptor: TensorDescriptor
    /// The stored tensor, if that holds nothing else.
    let alone: MappedTensor?
    /// Gives the canonical rows; nil to take the tensor as it lies.
    let reader: RowReader?
  }

  /// Both tensors, ready to be read in one layout.
  struct Sources: Sendable {
    let reference: TensorSource, candidate: TensorSource
  }

  /// The place in words: the role, or the name where names are compared.
  let place: String
  let reference: Side?
  let candidate: Side?
  /// Whether one side is the token embedding standing for a tied output matrix.
  var isTied = false

  /// Both tensors in one layout: as they lie if they lie alike, otherwise the canonical one.
  ///
  /// - Throws: `TensorProblem` of the side that cannot be read, as a fact about its file.
  func sources(_ reference: Side, _ candidate: Side) throws(LocatedError) -> Sources {
    var liesAlike = reference.reader == nil || candidate.reader == nil
    if let one = reference.alone, let other = candidate.alone { liesAlike = one.layout == other.layout }
    func source(_ side: Side) throws(LocatedError) -> TensorSource {
      do throws(TensorProblem) {
        return try TensorSource(side.checkpoint, side.descriptor, liesAlike ? nil : side.reader)
      } catch {
        throw LocatedError(path: side.checkpoint.path, fact: error)
      }
    }
    return Sources(reference: try source(reference), candidate: try source(candidate))
  }
}

extension TensorPair.Sources {
  /// About this many elements are compared at a time: 1 MiB of float32 a side.
  private static let slabElementCount = 1 << 18
  /// And this many while only bytes are compared.
  private static let byteSlabElementCount = 1 << 19

  /// Whether the same bytes mean the same numbers.
  var haveOneFormat: Bool { reference.format == candidate.format }

  /// Whether there are decoders for both formats.
  var canBeDecoded: Bool { Codec.canDecode(reference.format) && Codec.canDecode(candidate.format) }

  /// Elements of a row; a vector is one.
  var rowElementCount: Int {
    let shape = reference.descriptor.shape
    return max(1, shape.rank > 1 ? shape.rowElementCount : shape.elementCount)
  }

  /// The pieces in which numbers, or bytes alone, are compared: whole blocks, and whole rows where numbers are compared.
  /// They follow from the tensors, not from the threads.
  func slabs(ofBytesAlone: Bool) -> [Range<Int>] {
    let total = reference.descriptor.shape.elementCount
    var unit = Self.leastCommonMultiple(reference.unitElementCount, candidate.unitElementCount)
    if !ofBytesAlone { unit = Self.leastCommonMultiple(unit, rowElementCount) }
    let size = max(unit, (ofBytesAlone ? Self.byteSlabElementCount : Self.slabElementCount) / unit * unit)
    return stride(from: 0, to: total, by: size).map { $0..<min(total, $0 + size) }
  }

  private static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (divisor, rest) = (a, b)
    while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
    let (multiple, overflow) = (a / max(1, divisor)).multipliedReportingOverflow(by: b)
    return overflow ? max(a, b) : max(1, multiple)
  }
}
