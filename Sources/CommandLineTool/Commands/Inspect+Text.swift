import Ingot

extension CheckpointReport {
  /// The report for people.
  func text(includesTensors: Bool) -> String {
    var parts = [checkpoint.path.escapedForDisplay.emphasized + "\n" + definitionList(headlines)]
    parts.append(formatTable)
    if !checkpoint.metadata.pairs.isEmpty { parts.append(metadataTable) }
    if includesTensors, !tensors.isEmpty { parts.append(tensorTable) }
    if !checkpoint.remarks.isEmpty {
      parts.append(checkpoint.remarks.map { "remark: \($0.escapedForDisplay)\n" }.joined())
    }
    return parts.joined(separator: "\n")
  }

  private var headlines: [(String, String)] {
    let facts = sortedFacts.map { "\($0.0.separateWords) \($0.1)" }.joined(separator: ", ")
    let files = checkpoint.files.count
    var lines = [("container", checkpoint.container.rawValue + (facts.isEmpty ? "" : " (\(facts))"))]
    if let recognition {
      lines.append(("architecture", "\(recognition.definition.name), tensors named as in \(recognition.scheme.name)"))
    } else {
      let stated = checkpoint.metadata["general.architecture"]?.text
      lines.append(("architecture", stated.map { "\($0.quoted), which is not known" } ?? "not recognised"))
    }
    lines.append(("parameters", elementCount.grouped))
    lines.append(("tensors", checkpoint.tensors.count.grouped))
    lines.append(("size", "\(fileByteCount.byteSize) in \(counted(files, "file"))"))
    lines.append(("bits per weight", bitsPerWeight.map { $0.fixed(2) } ?? "unknown"))
    return lines
  }

  private var formatTable: String {
    var table = Table(["format": .left, "tensors": .right, "elements": .right, "bytes": .right, "share": .right])
    for share in formats {
      table.append(
        share.format.description.escapedForDisplay, share.tensorCount.grouped, share.elementCount.grouped,
        share.byteCount.grouped, "\((share.share * 100).fixed(1)) %")
    }
    return table.text()
  }

  private var metadataTable: String {
    var table = Table(["metadata": .left, "type": .left, "value": .left])
    for (key, value) in checkpoint.metadata.pairs {
      table.append(key.text.escapedForDisplay, value.typeWording, value.cell)
    }
    return table.text()
  }

  private var tensorTable: String {
    guard let statistics else {
      var table = Table(["tensor": .left, "format": .left, "shape": .right, "size": .right])
      for tensor in tensors {
        table.append(
          tensor.name.text.escapedForDisplay, tensor.statedFormat.description.escapedForDisplay,
          tensor.shape.description, tensor.byteCount.byteSize)
      }
      return table.text()
    }
    var table = Table([
      "tensor": .left, "format": .left, "shape": .right, "minimum": .right, "maximum": .right, "mean": .right,
      "deviation": .right, "NaN": .right, "infinite": .right, "zero": .right,
    ])
    for (tensor, values) in zip(tensors, statistics) {
      let cells = values.map(\.cells) ?? [String](repeating: "–", count: 7)
      table.append(
        [
          tensor.name.text.escapedForDisplay, tensor.statedFormat.description.escapedForDisplay,
          tensor.shape.description,
        ] + cells)
    }
    return table.text()
  }
}

extension TensorStatistics {
  fileprivate var cells: [String] {
    let numbers = [Double(minimum), Double(maximum), mean, deviation].map { finiteCount > 0 ? $0.scientific : "–" }
    return numbers + [nanCount.grouped, infiniteCount.grouped, "\((zeroShare * 100).fixed(1)) %"]
  }
}

extension MetadataValue {
  /// `u32`, `array of string`.
  fileprivate var typeWording: String {
    array.map { "array of \($0.elementTypeName)" } ?? typeName
  }

  /// The value on one line of a table: long text and long arrays are cut.
  fileprivate var cell: String {
    let line = display(limit: 4)
    let limit = 96
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }

  /// The value whole: a string as it is, an array one element to a line.
  var wholeText: String {
    switch self {
    case .string(let value):
      StandardStreams.outputIsTerminal ? value.description.printable + "\n" : value.description + "\n"
    case .array(let values): values.elements(limit: .max).map { $0.text(.compact) + "\n" }.joined()
    default: plainJSON.text(.compact) + "\n"
    }
  }
}

extension String {
  /// `byte order` for `byteOrder`.
  fileprivate var separateWords: String {
    reduce(into: "") { text, character in
      text += character.isUppercase ? " " + character.lowercased() : String(character)
    }
  }

  /// The text line by line with control characters escaped, for a terminal.
  fileprivate var printable: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var text = ""
      for scalar in line.unicodeScalars {
        if scalar == "\t" {
          text.unicodeScalars.append(scalar)
        } else {
          text += String(Character(scalar)).escapedForDisplay
        }
      }
      return text
    }.joined(separator: "\n")
  }
}
