import Bytes
import Tensors

/// Checkpoints whose matrices GPTQ packed: `X.qweight` with `X.qzeros`, `X.scales` and, since mid-2023, `X.g_idx` encode
/// `X.weight` (`GPTQComposition` draws them).
///
/// Configurations state bits and group size; where there is none, shapes show them. A few small tensors are read: zero
/// points, which some writers store otherwise than they say, and `g_idx`, which shows act-order.
struct GPTQ {
  static let names = PartNames(codes: ".qweight", result: ".weight", parts: [".qzeros", ".scales", ".g_idx"])

  let evidence: FormEvidence
  let configuration: GPTQConfiguration

  /// Composes the tensors of a checkpoint as its configuration and shapes say.
  static func read(_ evidence: FormEvidence) throws(EncodingError) -> EncodedCheckpoint {
    let configuration = try GPTQConfiguration(gptq: evidence.quantization ?? .null)
    return try GPTQ(evidence: evidence, configuration: configuration).composing()
  }

  func composing() throws(EncodingError) -> EncodedCheckpoint {
    let survey = try GPTQSurvey(evidence, configuration)
    let composed = evidence.composing(Self.names) { group throws(EncodingError) in
      try composition(of: group, survey)
    }
    let remarks = [configuration.packing.remark, survey.remark].compactMap { $0 }
    return composed.adding(remarks: remarks)
  }

  private func composition(of group: PartGroup, _ survey: GPTQSurvey) throws(EncodingError) -> GPTQComposition {
    let zeroPoints = try group.required(".qzeros"), scales = try group.required(".scales")
    let indices = group.part(".g_idx")
    let geometry = try GPTQGeometry(
      group.codes, zeroPoints: zeroPoints, scales: scales, indices: indices, configuration.packing)
    guard let shape = Shape([geometry.rowCount, geometry.columnCount]) else {
      throw .partShape(group.codes, of: nil, expected: "fewer codes")
    }
    try requireStated(geometry, group.codes, zeroPoints)
    let groupSize = try survey.groupSize(of: geometry, scales, group.codes, hasIndices: indices != nil)
    return GPTQComposition(
      name: configuration.name, codes: group.codes,
      parameters: PackedScales(
        scales: scales,
        zeroPoints: PackedZeroPoints(
          tensor: zeroPoints, bitCount: geometry.bitCount, storage: survey.zeroPointStorage),
        fieldOrder: nil, groupCount: geometry.groupCount, rowCount: geometry.rowCount),
      groupIndices: indices.map { GroupIndices(tensor: $0, groupCount: geometry.groupCount) }, shape: shape,
      bitCount: geometry.bitCount, groupElementCount: min(groupSize, geometry.columnCount),
      isActOrdered: indices != nil && geometry.groupCount > 1 && survey.isActOrdered)
  }

  /// The bits that shapes show must be those of a scheme.
  private func requireStated(
    _ geometry: GPTQGeometry, _ codes: TensorDescriptor, _ zeroPoints: TensorDescriptor
  ) throws(EncodingError) {
    let stated = configuration.packing.bitCounts
    guard !stated.isEmpty, !stated.contains(geometry.bitCount) else { return }
    throw .partShape(zeroPoints, of: codes, expected: geometry.zeroPointShapes(stated))
  }
}
