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
    let definition = model.definition
    var overrides = TypeOverrides(request.typeOverrides)
    problems += overrides.problems
    var tensors = derivedTensors(scheme)
    var assignment = recipe.map { RecipeAssignment($0, request.recipeOptions, model) }
    for mapped in assignment?.inOrder(model.tensors) ?? model.tensors {
      guard let rule = definition.rule(mapped.place.role), let pattern = definition.pattern(of: rule, in: scheme) else {
        problems.append(ConversionError.cannotName(place: "\(mapped.place)", scheme: scheme.name))
        continue
      }
      guard let transform = definition.transform(of: rule, in: scheme, model.parameters) else {
        problems.append(TensorProblem(mapped.descriptor, .layoutNeedsNumbers))
        continue
      }
      let mapping = RowMapping(from: mapped.transform, to: transform)
      do throws(TensorProblem) {
        let reader = try RowReader(model.checkpoint, mapped.descriptor, mapping)
        let name = pattern.name(layer: mapped.place.layer)
        let choice = fitting(
          assignment?.format(of: reader, at: mapped.place, named: name, &overrides)
            ?? format(of: reader, named: name, target, type, &overrides), reader, name)
        tensors.append(
          PlannedTensor(
            name: name, place: mapped.place, source: .rows(reader), format: choice.format,
            shape: mapped.descriptor.shape, rule: choice.rule))
      } catch {
        problems.append(error)
      }
    }
    problems += overrides.unused.map { ConversionError.overrideMatchesNothing(pattern: $0) }
    return tensors
  }

  /// Tensors that the scheme holds and that follow from the numbers.
  private func derivedTensors(_ scheme: NamingScheme) -> [PlannedTensor] {
    model.definition.derived.compactMap { rule in
      guard let pattern = model.definition.pattern(of: rule, in: scheme),
        let numbers = try? model.hyperparameters(),
        let factors = Llama3Frequencies.factors(numbers.rotary), let shape = Shape([factors.count])
      else { return nil }
      return PlannedTensor(
        name: pattern.name(layer: nil), place: TensorPlace(rule.role), source: .values(factors), format: .f32,
        shape: shape, rule: "follows from the rotary scaling")
    }
  }

  /// The storage format of one tensor, whether or not its rows fill the blocks, and the rule that decides it.
  private mutating func format(
    of reader: RowReader, named name: TensorName, _ target: ConversionRequest.Target, _ type: StorageFormat?,
    _ overrides: inout TypeOverrides
  ) -> (format: StorageFormat, rule: String) {
    let shape = reader.tensor.shape
    let override = overrides.format(for: name)
    if let override {
      return (override.format, override.rule)
    } else if target == .gguf, shape.rank <= 1, type != nil {
      return (.f32, "one-dimensional tensors stay F32 in a GGUF")
    } else if let type {
      return (type, request.type == .automatic ? "the format of the source" : "the format asked for")
    } else {
      return keptFormat(of: reader, target)
    }
  }

  /// The format when every tensor keeps its own as far as the container has it.
  private func keptFormat(
    of reader: RowReader, _ target: ConversionRequest.Target
  ) -> (format: StorageFormat, rule: String) {
    let facts = reader.format.facts
    let fits = target == .gguf ? facts.ggmlType != nil : facts.isSafeTensorsType
    return fits ? (reader.format, "kept") : (.f32, "F32 holds every value of \(reader.format)")
  }

  /// Formats that cannot be read or written, and numbers that would be quantized twice.
  mutating func applyTypeProblems(_ tensors: [PlannedTensor]) {
    var requantized: [StorageFormat: (to: StorageFormat, count: Int)] = [:]
    for tensor in tensors {
      guard case .rows(let reader) = tensor.source, tensor.format != reader.format else { continue }
      if !Codec.canDecode(reader.format) { problems.append(TensorProblem(reader.tensor, .notDecodable(reader.format))) }
      if !Codec.canEncode(tensor.format) { problems.append(TensorProblem(reader.tensor, .notEncodable(tensor.format))) }
      if reader.format.isQuantized, tensor.format.isQuantized {
        requantized[reader.format] = (tensor.format, (requantized[reader.format]?.count ?? 0) + 1)
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
    let fromGGUF = model.checkpoint.container == .gguf
    if fromGGUF == (target == .gguf) { return nil }
    let formats = model.tensors.filter { $0.descriptor.shape.rank > 1 }.compactMap(\.descriptor.format)
    guard !fromGGUF else { return typeForFolder(Set(formats)) }
    // The reference's "auto": the first matrix that is half-wide decides. Where all are F32 it takes F16, which loses;
    // here they stay F32.
    let ordered = model.tensors.sorted {
      model.isBeforeInReference(
        $0.place, file: $0.descriptor.fileIndex, $1.place, file: $1.descriptor.fileIndex)
    }
    let first = ordered.first { $0.descriptor.shape.rank > 1 && [.bf16, .f16].contains($0.descriptor.format) }
    return first?.descriptor.format ?? .f32
  }

  /// The format of a folder made of a GGUF: that of the matrices, if the vectors lose nothing by it; else F32.
  private mutating func typeForFolder(_ formats: Set<StorageFormat>) -> StorageFormat {
    guard formats.count == 1, let format = formats.first, !format.isQuantized, format != .f32 else {
      if formats.contains(where: \.isQuantized) {
        remarks.append(.note("block formats are decoded to F32, which holds every value (--type BF16 halves the size)"))
      }
      return .f32
    }
    for tensor in model.tensors where tensor.descriptor.shape.rank <= 1 && tensor.descriptor.format == .f32 {
      guard isExact(tensor, as: format) else {
        remarks.append(
          .note("tensor \(tensor.descriptor.name.text.quoted) has values that \(format) cannot hold, so all become F32")
        )
        return .f32
      }
    }
    return format
  }

  /// Whether a vector's values survive being stored as `format`; false also when they cannot be read.
  private func isExact(_ tensor: MappedTensor, as format: StorageFormat) -> Bool {
    var bytes: [UInt8] = []
    let count = tensor.descriptor.byteCount
    var report = EncodingReport()
    var encoded = [UInt8](
      repeating: 0, count: format.byteCount(elementCount: tensor.descriptor.shape.elementCount) ?? 0)
    do {
      try model.checkpoint.read(tensor.descriptor, from: 0, count: count, into: &bytes)
      var destination = encoded.mutableSpan
      try Codec.convert(
        .f32, bytes.span.bytes.extracting(first: count), to: format, into: &destination, report: &report)
    } catch {
      return false
    }
    return report.changedCount == 0
  }
}
