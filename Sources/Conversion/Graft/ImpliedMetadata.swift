import Tensors

/// Facts in a GGUF's metadata that follow from its tensors: the format of most of them, and the size of the model.
struct ImpliedMetadata {
  private let values: [String: MetadataValue]

  init(_ tensors: [DraftTensor]) {
    let label = tensors.expertSizeLabel ?? SizeLabel.text(parameterCount: tensors.parameterCount)
    values = [
      "general.size_label": .string(ByteString(label)),
      "general.file_type": .uint32(GGUFFileType.number(of: tensors.mostCommonFormat)),
    ]
  }

  /// The facts that are other ones afterwards, of those that the file states as they follow from its tensors.
  func changes(to other: ImpliedMetadata, in checkpoint: Checkpoint) -> [String: MetadataValue] {
    values.filter { checkpoint.metadata[$0.key] == $0.value && other.values[$0.key] != $0.value }
      .reduce(into: [:]) { $0[$1.key] = other.values[$1.key] }
  }
}
