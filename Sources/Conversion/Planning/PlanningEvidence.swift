import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// The values of tensors that planning depends on: the only step before a conversion that reads tensor data.
///
/// The planners themselves read headers and small files alone.
public struct PlanningEvidence: Sendable {
  /// Tensors that are F32 in the source and have values that the output's format cannot hold.
  struct WideTensors: Sendable {
    /// Their roles; all norms if one of them is a norm.
    var roles: Set<TensorRole> = []
    /// The first of them.
    var first: TensorName?
  }

  /// Whether tied tensors that are both stored have equal values, in the order of the model's pairs; nil if not read.
  var tiedPairsAreEqual: [Bool]?
  /// Whether an output matrix that may be left out has the values of the embedding; nil if there is none, or not read.
  var outputEqualsEmbedding: Bool?
  /// Nil if not read, or if the output's format can hold every value.
  var wideTensors: WideTensors?
  /// Tensors of the output whose values change when a constant is added and subtracted again, by name.
  var rounding: [TensorName: RoundTripError] = [:]

  /// The formats that encode exactly the values of tensors that several stored tensors encode, by name in the output.
  var exactFormats: [TensorName: [ExactFormat]] = [:]

  /// No evidence: nothing is compared, and tensors that might lose values stay F32.
  public static let none = PlanningEvidence()

  /// Reads the tensors whose values decide something about the conversion that `request` describes.
  ///
  /// - Throws: as `Planner.plan` if the conversion cannot be planned; errors of reading.
  public static func gather(_ model: Model, _ request: ConversionRequest) throws -> PlanningEvidence {
    var planner = Planner.planner(PlanDraft(model, request))
    try planner.draftTensors()
    return try planner.gatherEvidence()
  }

  private init() {}

  /// Reads the scales of encoded tensors alone: where names and layouts stay, no other value decides anything.
  init(scalesOf draft: PlanDraft) throws { exactFormats = try draft.findExactFormats() }

  /// Reads the values of a planner's drafted tensors, and of those that its model ties.
  init(_ planner: ArchitecturePlanner) throws {
    try self.init(scalesOf: planner.draft)
    let model = planner.model
    // `OutputMatrix` compares the pair that it decides on.
    let decided = OutputMatrix.compared(in: planner.draft)?.output.name
    tiedPairsAreEqual = try model.tiedPairs.map { pair in
      try pair.tensor.name != decided && model.checkpoint.haveEqualValues(pair.tensor, pair.original)
    }
    outputEqualsEmbedding = try OutputMatrix.equalsEmbedding(in: planner.draft)
    if planner.takesFormatOfMatrices, let format = model.commonMatrixFormat {
      wideTensors = Self.wideTensors(of: model, for: format)
    }
    for tensor in planner.draft.tensors {
      guard let error = try tensor.reader?.sumRounding(), error.changedCount > 0 else { continue }
      rounding[tensor.name] = error
    }
  }

  /// Roles with a tensor whose values `format` cannot hold; one tensor of a role decides.
  private static func wideTensors(of model: Model, for format: StorageFormat) -> WideTensors {
    var wide = WideTensors()
    for slot in model.slots where !wide.roles.contains(slot.role) {
      guard let stored = model.tensor(slot), stored.isKeptInFullPrecision, !isExact(slot, of: model, as: format) else {
        continue
      }
      wide.first = wide.first ?? stored.descriptor.name
      wide.roles.insert(slot.role)
      if slot.role.isNorm { wide.roles.formUnion(model.slots.map(\.role).filter(\.isNorm)) }
    }
    return wide
  }

  /// Whether a tensor's values survive being stored as `format`; false also when they cannot be read.
  private static func isExact(_ slot: TensorSlot, of model: Model, as format: StorageFormat) -> Bool {
    do {
      let reader = try model.canonicalReader(slot)
      let width = reader.geometry.rowElementCount
      let step = max(1, Slab.elementCount / max(1, width))
      var buffers = RowBuffers()
      for first in stride(from: 0, to: reader.geometry.rowCount, by: step) {
        let rows = first..<min(reader.geometry.rowCount, first + step)
        try reader.rows.readValues(rows, into: &buffers)
        let count = rows.count * width
        var encoded = [UInt8](repeating: 0, count: format.byteCount(elementCount: count) ?? 0)
        var destination = encoded.mutableSpan
        var report = EncodingReport()
        try Codec.encode(format, buffers.values, elementCount: count, into: &destination, report: &report)
        guard report.changedCount == 0 else { return false }
      }
      return true
    } catch {
      return false
    }
  }
}

extension TensorRole {
  /// Whether the tensor is the weights of a norm.
  fileprivate var isNorm: Bool {
    rawValue.hasSuffix("norm") || rawValue.contains("_norm_") && !rawValue.hasSuffix("_bias")
  }
}
