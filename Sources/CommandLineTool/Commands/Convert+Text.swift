import Ingot

extension ConversionPlan {
  /// The outputs and messages of a plan; `title` says whether it was executed.
  ///
  /// - Parameter listsAll: whether every message is listed, not the first few of a kind.
  func text(title: String, listsAll: Bool) -> String {
    var pairs = [("source", sourceWords)] + fileLines(title: title)
    if let sizeTarget { pairs.append(("size target", sizeTarget.words)) }
    if let consumption {
      let isDone = title == "wrote"
      let time = isDone ? "" : ", each when what is made of it is on the disk"
      pairs.append((isDone ? "deleted" : title.replacing("write", with: "delete"), consumption.words + time))
    }
    return definitionList(pairs) + messageLines.text(listsAll: listsAll)
  }

  /// The path of the source and what it is.
  var sourceWords: String {
    let input =
      source.isByName ? "unknown architecture" : "\(source.definition.name), named as in \(source.scheme.name)"
    return "\(source.checkpoint.path.escapedForDisplay) (\(input))"
  }

  /// The files after `title`.
  func fileLines(title: String) -> [(String, String)] {
    let names = source.isByName ? "" : ", named as in \(scheme.name)"
    let lines = files.map { file in
      let packed = file.compressionLevel.map { " before zstd at level \($0)" } ?? ""
      let content = "\(counted(file.tensors.count, "tensor")), \(file.byteCount.byteSize)\(packed)"
      return (title, "\(file.path.escapedForDisplay) (\(content)\(names))")
    }
    return lines + sideFiles.map { (title, $0.path.escapedForDisplay) } + graftLines
  }

  /// What a graft adds and replaces.
  private var graftLines: [(String, String)] {
    guard let graft else { return [] }
    return [("added", graft.added), ("replaced", graft.replacing)].filter { !$0.1.isEmpty }.map { verb, tensors in
      (verb, "\(tensors.words) from \(graft.source.escapedForDisplay)")
    }
  }

  /// A departure or a message.
  struct MessageLine: Hashable {
    let label: String, text: String
  }

  /// Departures and messages, in order.
  var messageLines: [MessageLine] {
    departures.map {
      MessageLine(
        label: "departure", text: "\($0.message.escapedForDisplay) (--reference-bytes turns this off)")
    } + messages.map { MessageLine(label: $0.severity.rawValue, text: $0.message.escapedForDisplay) }
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

extension [ConversionPlan.MessageLine] {
  /// A line for each; of each label the first few, unless all are listed.
  func text(listsAll: Bool) -> String {
    var labels: [String] = []
    for line in self where !labels.contains(line.label) { labels.append(line.label) }
    return labels.flatMap { label in
      filter { $0.label == label }.map { "\(label.colored(as: label)): \($0.text)" }.limited(label, listsAll: listsAll)
    }.map { $0 + "\n" }.joined()
  }
}
