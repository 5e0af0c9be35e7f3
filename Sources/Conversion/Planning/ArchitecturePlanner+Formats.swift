import Architectures
import Bytes
import Models
import Quantization
import Tensors

extension ArchitecturePlanner {
  /// The one format of the output, or nil when formats are assigned by rules or every tensor keeps its own.
  mutating func chosenType() -> StorageFormat? {
    if let rules = draft.request.type.formatRules {
      draft.check(rules)
      return nil
    }
    if let format = draft.requestedFormat() { return format }
    if draft.request.type == .kept || draft.keepsLayouts { return nil }
    if draft.target == .gguf, model.facts.keepsBlockFormats, model.hasBlockFormats { return nil }
    guard draft.target == .gguf else { return model.commonMatrixFormat ?? .f32 }
    // The converter's "auto": the first matrix of 16 bits decides. Where all are F32 it takes F16, which loses; here they
    // stay F32.
    let ordered = model.tensors.sorted { model.converterPosition(of: $0) < model.converterPosition(of: $1) }
    let first = ordered.first { $0.descriptor.shape.rank > 1 && [.bf16, .f16].contains($0.descriptor.format) }
    return first?.descriptor.format ?? .f32
  }

  /// Whether a folder made of a GGUF gets the format of its matrices.
  var takesFormatOfMatrices: Bool {
    draft.request.type == .automatic && draft.usesGGUFNames && draft.target != .gguf
  }

  /// In a folder made of a GGUF, tensors that are F32 in every GGUF get the format of the matrices if they lose nothing;
  /// roles of which a tensor would lose values stay F32, and all norms with one of them.
  mutating func chooseWideRoles() {
    guard let format = model.commonMatrixFormat else {
      if model.tensors.contains(where: { $0.descriptor.format?.isQuantized == true && !$0.isKeptInFullPrecision }) {
        draft.messages.append(
          .note("block formats are decoded to F32, which holds every value (--type BF16 halves the size)"))
      }
      return
    }
    guard let wide = draft.evidence.wideTensors else {
      return keepInF32(Set(model.slots.filter { model.tensor($0)?.isKeptInFullPrecision == true }.map(\.role)))
    }
    keepInF32(wide.roles)
    guard let first = wide.first else { return }
    let roles = Set(model.slots.map(\.role).filter(wide.roles.contains)).map(\.rawValue).sorted()
    draft.messages.append(
      .note(
        "tensor \(first.text.quoted) has values that \(format) cannot hold, so these stay F32: "
          + roles.joined(separator: ", ")))
  }

  /// Gives each tensor the format of the output, its own or that of an override.
  mutating func chooseFormats() {
    var overrides = TypeOverrides(draft.request.typeOverrides)
    draft.problems += overrides.problems
    for index in draft.tensors.indices {
      let tensor = draft.tensors[index]
      guard let reader = tensor.reader else { continue }
      draft.tensors[index].decision = draft.fitting(format(of: tensor, reader, &overrides), tensor)
    }
    draft.problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) }
  }

  /// The format of one tensor, whether or not its rows are whole blocks, and the rule that decides it.
  private func format(
    of tensor: DraftTensor, _ reader: RowReader, _ overrides: inout TypeOverrides
  ) -> FormatDecision {
    let isGGUF = draft.target == .gguf
    if let override = overrides.format(for: tensor.name) {
      return .decided(override.format, rule: override.rule)
    } else if !isGGUF, tensor.purpose.roles.contains(where: wideRoles.contains) {
      return .decided(.f32, rule: "F32: has values that the other tensors' format cannot hold")
    } else if isGGUF, draft.type != nil || draft.request.type == .kept && !draft.usesGGUFNames,
      let reason = tensor.reasonForF32
    {
      return .decided(.f32, rule: reason)
    } else if draft.keepsExactTensors, let exact = tensor.exactDecision {
      return exact
    } else if tensor.isByName {
      return tensor.formatByName(draft.type)
    } else if let type = draft.type {
      let isAutomatic = draft.request.type == .automatic
      return .decided(type, rule: isAutomatic ? "the format of the source" : "the format asked for")
    }
    if let encoding = reader.sources.first(where: { $0.descriptor.composition != nil })?.descriptor.encoding {
      return .decided(.f32, rule: "F32 holds every value of \(encoding)")
    }
    let format = reader.keptFormat
    let fits = isGGUF ? format.facts.ggmlType != nil : format.facts.isSafeTensorsType
    return fits ? .decided(format, rule: "kept") : .decided(.f32, rule: "F32 holds every value of \(format)")
  }
}

extension Model {
  /// Whether a tensor is quantized, in blocks of today or others.
  fileprivate var hasBlockFormats: Bool {
    tensors.contains { $0.descriptor.composition != nil || $0.descriptor.format?.isQuantized == true }
  }

  /// The scalar format of all tensors that are not always F32; nil if they differ, are quantized or F32.
  var commonMatrixFormat: StorageFormat? {
    let formats = Set(tensors.filter { !$0.isKeptInFullPrecision }.compactMap(\.descriptor.format))
    guard formats.count == 1, let format = formats.first, !format.isQuantized, format != .f32 else { return nil }
    return format
  }
}
