import Architectures
import Bytes
import Formats
import Models
import Quantization
import Tensors

extension Planner {
  /// Names, layouts and storage formats of all tensors of the output, in the order of the input.
  mutating func planTensors(
    _ target: ConversionRequest.Target, _ scheme: NamingScheme, _ type: StorageFormat?
  ) -> [PlannedTensor] {
    var overrides = TypeOverrides(request.typeOverrides)
    if recipe == nil { problems += overrides.problems }
    var tensors = derivedTensors(scheme)
    for tensor in arrangedTensors(scheme) {
      // A recipe decides later, when it knows all names.
      let choice: (format: StorageFormat, rule: String) =
        recipe == nil
        ? fitting(format(of: tensor, target, type, &overrides), tensor) : (tensor.reader.storedFormat, "kept")
      tensors.append(
        PlannedTensor(
          name: tensor.name, purpose: tensor.purpose, source: .rows(tensor.reader), format: choice.format,
          shape: tensor.shape, rule: choice.rule))
    }
    if recipe == nil { problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) } }
    return tensors
  }

  /// Tensors that the scheme holds and that follow from the numbers.
  private func derivedTensors(_ scheme: NamingScheme) -> [PlannedTensor] {
    model.definition.derived.compactMap { rule in
      guard let pattern = model.definition.pattern(of: rule, in: scheme),
        let values = model.parameters.derivedValues(rule.role), let shape = Shape([values.count])
      else { return nil }
      return PlannedTensor(
        name: pattern.name(layer: nil), purpose: PlannedTensor.Roles(roles: [rule.role], layer: nil, instance: nil),
        source: .values(values), format: .f32, shape: shape, rule: "follows from the rotary scaling")
    }
  }

  /// The storage format of one tensor, whether or not its rows fill the blocks, and the rule that decides it.
  private mutating func format(
    of tensor: OutputLayout, _ target: ConversionRequest.Target, _ type: StorageFormat?,
    _ overrides: inout TypeOverrides
  ) -> (format: StorageFormat, rule: String) {
    if let override = overrides.format(for: tensor.name) {
      return (override.format, override.rule)
    } else if target != .gguf, tensor.purpose.roles.contains(where: wideRoles.contains) {
      return (.f32, "F32 holds what the other tensors' format does not")
    } else if target == .gguf, type != nil, let reason = tensor.reasonForF32 {
      return (.f32, reason)
    } else if let type {
      return (type, request.type == .automatic ? "the format of the source" : "the format asked for")
    } else {
      return keptFormat(of: tensor.reader, target)
    }
  }

  /// The format when every tensor keeps its own as far as the container has it.
  private func keptFormat(
    of reader: RowReader, _ target: ConversionRequest.Target
  ) -> (format: StorageFormat, rule: String) {
    let format = reader.storedFormat
    let fits = target == .gguf ? format.facts.ggmlType != nil : format.facts.isSafeTensorsType
    return fits ? (format, "kept") : (.f32, "F32 holds every value of \(format)")
  }

  /// Formats that cannot be read or written, and numbers that would be quantized twice.
  mutating func applyTypeProblems(_ tensors: [PlannedTensor]) {
    var requantized: [StorageFormat: (to: StorageFormat, count: Int)] = [:]
    for tensor in tensors {
      for source in tensor.sources {
        guard let format = source.descriptor.format, tensor.format != format || tensor.hasUpdates else { continue }
        if !Codec.canDecode(format) { problems.append(TensorProblem(source.descriptor, .notDecodable(format))) }
        if !Codec.canEncode(tensor.format) {
          problems.append(TensorProblem(source.descriptor, .notEncodable(tensor.format)))
        }
        if format.isQuantized, tensor.format.isQuantized {
          requantized[format] = (tensor.format, (requantized[format]?.count ?? 0) + 1)
        }
      }
    }
    if !request.allowsRequantizing {
      problems += requantized.sorted { $0.key.name < $1.key.name }.map { from, entry in
        ConversionError.requantizing(from: from, to: entry.to, tensorCount: entry.count)
      }
    }
  }

  /// The one format of the output, or nil when a recipe decides or every tensor keeps its own.
  mutating func chosenType(_ target: ConversionRequest.Target) -> StorageFormat? {
    if let recipe {
      checkRecipe(recipe, target)
      return nil
    }
    if case .format(let format) = request.type {
      let facts = format.facts
      if !Codec.canEncode(format) { problems.append(ConversionError.notARealFormat(format)) }
      if target == .gguf ? facts.ggmlType == nil : !facts.isSafeTensorsType {
        problems.append(ConversionError.unwritableFormat(format, container: target == .gguf ? "GGUF" : "safetensors"))
      }
      return format
    }
    let fromGGUF = model.facts.ggufMetadata != nil
    if fromGGUF == (target == .gguf) { return nil }
    guard !fromGGUF else {
      return typeForFolder(Set(model.tensors.filter { !$0.isKeptInFullPrecision }.compactMap(\.descriptor.format)))
    }
    // The reference's "auto": the first matrix that is half-wide decides. Where all are F32 it takes F16, which loses;
    // here they stay F32.
    let ordered = model.tensors.sorted { model.referencePosition(of: $0) < model.referencePosition(of: $1) }
    let first = ordered.first { $0.descriptor.shape.rank > 1 && [.bf16, .f16].contains($0.descriptor.format) }
    return first?.descriptor.format ?? .f32
  }

  /// The format of a folder made of a GGUF: that of the matrices. What every GGUF has in F32 takes it as well if nothing
  /// is lost by it; roles of which a tensor would lose stay F32, and all norms with one of them.
  private mutating func typeForFolder(_ formats: Set<StorageFormat>) -> StorageFormat {
    guard formats.count == 1, let format = formats.first, !format.isQuantized, format != .f32 else {
      if formats.contains(where: \.isQuantized) {
        remarks.append(.note("block formats are decoded to F32, which holds every value (--type BF16 halves the size)"))
      }
      return .f32
    }
    var first: TensorName?
    for slot in model.slots where !wideRoles.contains(slot.role) {
      guard let stored = model.tensor(slot), stored.isKeptInFullPrecision, !isExact(slot, as: format) else {
        continue
      }
      first = first ?? stored.descriptor.name
      wideRoles.insert(slot.role)
      if slot.role.isNorm { wideRoles.formUnion(model.slots.map(\.role).filter(\.isNorm)) }
    }
    if let first {
      let roles = Set(model.slots.map(\.role).filter(wideRoles.contains)).map(\.rawValue).sorted()
      remarks.append(
        .note(
          "tensor \(first.text.quoted) has values that \(format) cannot hold, so these stay F32: "
            + roles.joined(separator: ", ")))
    }
    return format
  }

  /// Whether a tensor's values survive being stored as `format`; false also when they cannot be read.
  private func isExact(_ slot: TensorSlot, as format: StorageFormat) -> Bool {
    do {
      let reader = try model.canonicalReader(slot)
      let width = reader.geometry.rowElementCount
      let step = max(1, Executor.slabElementCount / max(1, width))
      var (bytes, scratch): ([UInt8], [UInt8]) = ([], [])
      for first in stride(from: 0, to: reader.geometry.rowCount, by: step) {
        let rows = first..<min(reader.geometry.rowCount, first + step)
        try reader.read(rows, into: &bytes, scratch: &scratch)
        var encoded = [UInt8](repeating: 0, count: format.byteCount(elementCount: rows.count * width) ?? 0)
        var destination = encoded.mutableSpan
        var report = EncodingReport()
        let values = bytes.span.bytes.extracting(first: rows.count * reader.rowByteCount)
        try Codec.convert(.f32, values, to: format, into: &destination, report: &report)
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
