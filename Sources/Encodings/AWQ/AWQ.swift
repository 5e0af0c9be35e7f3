import Bytes
import Tensors

/// Checkpoints whose matrices AWQ packed: `X.qweight` with `X.qzeros` and `X.scales` encode `X.weight`
/// (`AWQComposition` draws them).
///
/// The layout of the kernel gemm is read. Those of gemv, gemv_fast (llm-awq) and Marlin are recognized by the
/// configuration and by their shapes, since configurations are copied from one to the other.
struct AWQ {
  static let names = PartNames(codes: ".qweight", result: ".weight", parts: [".qzeros", ".scales"])
  static let bitCount = 4

  let name: String
  let packing: PackedConfiguration

  /// Composes the tensors of a checkpoint as its configuration and shapes say.
  ///
  /// - Parameter name: the name of the encoding in reports.
  static func read(_ evidence: FormEvidence, name: String = "AWQ") throws(EncodingError) -> EncodedCheckpoint {
    let source = evidence.quantization ?? .null
    let awq = AWQ(name: name, packing: try PackedConfiguration(source, known: members))
    for member in ["version", "format", "checkpoint_format"] {
      guard let layout = source[member]?.string, layout.lowercased() != "gemm" else { continue }
      throw awq.refusal("in the layout \(layout.quoted)")
    }
    if name == "AWQ", source["backend"]?.string == "llm-awq" { throw awq.refusal("in the layout \"llm-awq\"") }
    for bits in awq.packing.bitCounts where bits != bitCount { throw awq.refusal("to \(counted(bits, "bit"))") }
    try awq.requireStatedGroups(evidence)
    let composed = evidence.composing(names) { group throws(EncodingError) in try awq.composition(of: group) }
    return composed.adding(remarks: [awq.packing.remark].compactMap { $0 })
  }

  /// Members that matter to running alone.
  private static let members: Set<String> = ["do_fuse", "fuse_max_seq_len", "modules_to_fuse"]

  private func composition(of group: PartGroup) throws(EncodingError) -> AWQComposition {
    let scales = try group.required(".scales"), zeroPoints = group.part(".qzeros")
    let codes = group.codes
    if zeroPoints == nil, packing.isSymmetric != true {
      _ = try group.required(".qzeros")
    }
    try requireLayout(of: codes, scales, zeroPoints)
    let columnCount = codes.shape.dimensions[0], rowCount = codes.shape.dimensions[1] * 8
    let groupCount = scales.shape.dimensions[0]
    let size = try groupSize(columnCount, groupCount, scales, codes)
    guard let shape = Shape([rowCount, columnCount]) else { throw .partShape(codes, of: nil, expected: "fewer codes") }
    return AWQComposition(
      name: name, codes: codes,
      parameters: PackedScales(
        scales: scales,
        zeroPoints: zeroPoints.map { PackedZeroPoints(tensor: $0, bitCount: Self.bitCount, storage: .plain) },
        fieldOrder: InterleavedWords.fieldOfColumn, groupCount: groupCount, rowCount: rowCount),
      shape: shape, groupElementCount: size)
  }

  /// If no matrix has the groups that are stated, the statement is wrong, and not every tensor.
  private func requireStatedGroups(_ evidence: FormEvidence) throws(EncodingError) {
    guard !packing.groupSizes.isEmpty else { return }
    var first: (scales: TensorDescriptor, size: Int)?
    for codes in evidence.checkpoint.tensors where codes.name.text.hasSuffix(Self.names.codes) {
      let stem = codes.name.text.dropLast(Self.names.codes.count)
      guard let scales = evidence.checkpoint.tensor(TensorName(stem + ".scales")),
        (try? requireLayout(of: codes, scales, evidence.checkpoint.tensor(TensorName(stem + ".qzeros")))) != nil
      else { continue }
      let (columns, groups) = (codes.shape.dimensions[0], scales.shape.dimensions[0])
      if (try? groupSize(columns, groups, scales, codes)) != nil || columns % groups != 0 { return }
      first = first ?? (scales, groups == 1 ? -1 : columns / groups)
    }
    guard let first else { return }
    throw .member(
      packing.groupSizeMember, expected: "\(first.size), by the shape of tensor \(first.scales.name.text.quoted)")
  }

  /// The columns of a group: as stated if it fits, else as the shapes show where nothing is stated.
  private func groupSize(
    _ columnCount: Int, _ groupCount: Int, _ scales: TensorDescriptor, _ codes: TensorDescriptor
  ) throws(EncodingError) -> Int {
    guard !packing.groupSizes.isEmpty else {
      guard columnCount % groupCount == 0 else {
        throw .partShape(scales, of: codes, expected: "a number of groups that divides \(columnCount) columns")
      }
      return columnCount / groupCount
    }
    for size in packing.groupSizes.map({ min($0, columnCount) }) where columnCount / size == groupCount {
      if columnCount % size == 0 { return size }
    }
    let expected = packing.groupSizes.map { size in
      "\(columnCount / min(size, columnCount)) × \(scales.shape.dimensions[1])"
        + " (\(size == .max ? "one group" : "groups of \(size)"))"
    }
    throw .partShape(scales, of: codes, expected: expected.joined(separator: " or "))
  }

  private func refusal(_ variant: String) -> EncodingError {
    .refused(what: "quantized by \(name) \(variant)", nextStep: PackedConfiguration.nextStep)
  }

  // MARK: - Layouts

  /// More rows or columns are a mistake, and would overflow products.
  private static let dimensionLimit = 1 << 31

  private func requireLayout(
    of codes: TensorDescriptor, _ scales: TensorDescriptor, _ zeroPoints: TensorDescriptor?
  ) throws(EncodingError) {
    for part in [codes, scales, zeroPoints].compactMap({ $0 }) {
      guard part.shape.rank == 2, part.shape.dimensions.allSatisfy({ (1...Self.dimensionLimit).contains($0) }) else {
        throw .partShape(part, of: part == codes ? nil : codes, expected: "two dimensions above 0")
      }
    }
    if codes.format == .i16 { throw refusal("in the layout of gemv_fast (tensor \(codes.name.text.quoted) is I16)") }
    guard let format = codes.format, [.i32, .u32].contains(format) else {
      throw .partFormat(codes, of: nil, expected: "I32")
    }
    guard let format = scales.format, [.f16, .bf16, .f32].contains(format) else {
      throw .partFormat(scales, of: codes, expected: "F16 or BF16")
    }
    let stored = codes.shape.dimensions, scaled = scales.shape.dimensions
    guard scaled[1] == stored[1] * 8 else {
      let layout: String? =
        if stored[1] == scaled[1] {
          "GPTQ"
        } else if stored[0] == scaled[0] {
          "the kernel gemv"
        } else if stored[1] == scaled[1] * 2 {
          "Marlin's kernels"
        } else {
          nil
        }
      guard let layout else {
        throw .partShape(scales, of: codes, expected: "\(scaled[0]) × \(stored[1] * 8)")
      }
      throw .refused(
        what: "quantized by \(name), but tensor \(codes.name.text.quoted) is packed for \(layout)",
        nextStep: PackedConfiguration.nextStep)
    }
    guard let zeroPoints else { return }
    guard let format = zeroPoints.format, [.i32, .u32].contains(format) else {
      throw .partFormat(zeroPoints, of: codes, expected: "I32")
    }
    guard zeroPoints.shape.dimensions == [scaled[0], stored[1]] else {
      throw .partShape(zeroPoints, of: codes, expected: "\(scaled[0]) × \(stored[1])")
    }
  }
}
