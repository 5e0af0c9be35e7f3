import Ingot

extension ConversionPlan {
  /// The outputs and messages of a plan; `title` says whether it was executed.
  ///
  /// - Parameter listsAll: whether every message is listed, not the first few of a kind.
  func text(title: String, listsAll: Bool) -> String {
    let input =
      source.isByName ? "unknown architecture" : "\(source.definition.name), named as in \(source.scheme.name)"
    let names = source.isByName ? "" : ", named as in \(scheme.name)"
    var pairs = [("source", "\(source.checkpoint.path.escapedForDisplay) (\(input))")]
    for file in files {
      let packed = file.compressionLevel.map { " before zstd at level \($0)" } ?? ""
      let content = "\(counted(file.tensors.count, "tensor")), \(file.byteCount.byteSize)\(packed)"
      pairs.append((title, "\(file.path.escapedForDisplay) (\(content)\(names))"))
    }
    for file in sideFiles { pairs.append((title, file.path.escapedForDisplay)) }
    if let sizeTarget { pairs.append(("size target", sizeTarget.words)) }
    var text = definitionList(pairs)
    let departures = departures.map {
      "departure: \($0.message.escapedForDisplay) (--reference-bytes turns this off)"
    }
    text += departures.limited("departure", listsAll: listsAll).map { $0 + "\n" }.joined()
    for severity in PlanMessage.Severity.allCases {
      let word = severity.rawValue
      let lines = messages.filter { $0.severity == severity }.map { $0.message.escapedForDisplay }
      for line in lines.map({ "\(word.colored(as: word)): \($0)" }).limited(word, listsAll: listsAll) {
        text += line + "\n"
      }
    }
    return text
  }

  /// Every tensor of the output and where it comes from.
  var tensorTable: String {
    var table = Table([
      "tensor": .left, "from": .left, "format": .left, "layout": .left, "shape": .right, "size": .right, "rule": .left,
    ])
    for tensor in tensors {
      table.append(
        tensor.name.text.escapedForDisplay, tensor.sourceName?.text.escapedForDisplay ?? "the parameters",
        tensor.formatWording,
        tensor.transform, tensor.shape.description, tensor.byteCount.byteSize, tensor.rule)
    }
    return "\n" + table.text()
  }
}

extension PlannedTensor {
  /// `BF16 → Q8_0`, or one name where they are the same.
  fileprivate var formatWording: String {
    sourceEncoding == format.name ? format.name : "\(sourceEncoding) → \(format.name)"
  }
}
