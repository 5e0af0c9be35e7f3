import Bytes
import Inference
import Models
import Tensors

extension HTMLReport {
  /// The figures that decide about the quality, each with its uncertainty and where it is among the grades.
  var cards: String {
    "<div class=\"cards\">\(verification.logits.predictions.cards.map(\.html).joined(separator: "\n"))</div>"
  }

  /// Sizes before and after.
  var sizeCards: String {
    let before = verification.logits.reference.checkpoint, after = verification.logits.candidate.checkpoint
    let share =
      before.tensorByteCount == 0 ? 0 : Double(after.tensorByteCount) / Double(before.tensorByteCount) * 100
    let cards = [
      Card(
        title: "weights", value: after.tensorByteCount.byteSize,
        note: "\(share.fixed(1)) % of the reference's \(before.tensorByteCount.byteSize)"),
      Card(
        title: "bits per weight", value: after.bitsPerWeight.fixed(2),
        note: "\(before.bitsPerWeight.fixed(2)) in the reference"),
    ]
    return "<div class=\"cards\">\(cards.map(\.html).joined(separator: "\n"))</div>"
  }

  var worstTensors: String? {
    guard verification.weights != nil else { return nil }
    let worst = verification.worstTensors(12)
    guard !worst.isEmpty else { return "<p>Every tensor has the same values.</p>" }
    return HTML.table(
      ReportTable(
        columns: [
          .left("tensor"), .left("format"), .right("NMSE"), .right("RMSE"), .right("max abs"), .right("cosine"),
        ],
        rows: worst.map { tensor in
          let metrics = tensor.metrics ?? ErrorMetrics()
          return [
            tensor.identity.description, Self.formats([tensor]), metrics.normalizedMeanSquareError.metricText,
            metrics.rootMeanSquareError.metricText, metrics.maximumAbsoluteError.metricText, metrics.cosine.fixed(6),
          ]
        }))
  }

  /// The share of the bytes in each storage format of the candidate.
  var mix: String? {
    var sums: [(name: String, tensors: Int, elements: Int, bytes: Int)] = []
    for tensor in verification.logits.candidate.checkpoint.tensors {
      let name = tensor.encoding
      let index = sums.firstIndex { $0.name == name } ?? sums.count
      if index == sums.count { sums.append((name, 0, 0, 0)) }
      sums[index].tensors += 1
      sums[index].elements &+= tensor.shape.elementCount
      sums[index].bytes &+= tensor.byteCount
    }
    sums.sort { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.name < $1.name }
    let total = Double(max(1, sums.reduce(0) { $0 &+ $1.bytes }))
    let colors = ["first", "second", "third", "fourth", "fifth"]
    func color(_ index: Int) -> String { colors[index % colors.count] }
    let shares = sums.map { Double($0.bytes) / total }
    let stripes = zip(sums, shares).enumerated().map { index, entry in
      let (sum, share) = entry
      // A thin stripe has no room for its name; the key has it.
      let isThin = share < 0.12
      return "<div class=\"\(color(index))\(isThin ? " thin" : "")\" style=\"flex:\((share * 1000).fixed(1))\""
        + " title=\"\(HTML.escaped(sum.name))\">\(isThin ? "" : HTML.escaped(sum.name))</div>"
    }
    let keys = zip(sums, shares).enumerated().map { index, entry in
      "<span><i class=\"\(color(index))\"></i>\(HTML.escaped(entry.0.name)) \((entry.1 * 100).fixed(1)) %</span>"
    }
    let table = ReportTable(
      columns: [.left("format"), .right("size"), .right("share"), .right("tensors"), .right("parameters")],
      rows: zip(sums, shares).map { sum, share in
        [
          sum.name, sum.bytes.byteSize, "\((share * 100).fixed(2)) %", sum.tensors.grouped, sum.elements.grouped,
        ]
      })
    return "<div class=\"mix\">\(stripes.joined())</div><div class=\"key\">\(keys.joined())</div>\(HTML.table(table))"
  }

  /// The first tensor of every role, with its names in both models.
  var tensors: String? {
    guard let weights = verification.weights else { return nil }
    let kinds = Dictionary(grouping: weights.tensors, by: \.identity.kind)
    var seen: Set<TensorIdentity> = []
    let shown = weights.tensors.filter { seen.insert($0.identity.kind).inserted }
    return HTML.table(
      ReportTable(
        columns: [
          .left("tensor"), .left("in the reference"), .left("in the candidate"), .left("format"), .right("count"),
        ],
        rows: shown.prefix(60).map { tensor in
          let all = kinds[tensor.identity.kind] ?? [tensor]
          return [
            tensor.identity.kind.description, tensor.reference?.name.text ?? "–", tensor.candidate?.name.text ?? "–",
            Self.formats(all), all.count.grouped,
          ]
        }))
  }

  /// The formats of some tensors in both models: `BF16 → Q4_K, Q6_K`.
  private static func formats(_ tensors: [TensorComparison]) -> String {
    func names(_ descriptors: [TensorDescriptor]) -> String {
      Set(descriptors.map(\.encoding)).sorted().joined(separator: ", ")
    }
    let before = names(tensors.compactMap(\.reference)), after = names(tensors.compactMap(\.candidate))
    return before == after ? before : "\(before) → \(after)"
  }
}

extension Predictions {
  /// The figures that decide about the quality.
  var cards: [Card] {
    guard !isEmbedding else {
      let error = logits.normalizedMeanSquareError
      return [
        Card(
          title: "NMSE of the \(output.words)", value: error.metricText,
          note: "over \(counted(textCount, "text"))", scale: GradeScale.embeddingError.html(error, error: 0)),
        Card(title: "cosine of the \(output.words)", value: logits.cosine.fixed(6), note: "1 is the same direction"),
      ]
    }
    let positions = counted(divergence.count, "position")
    let agreeing = rows.count { $0.hasSameTop }, differing = 1 - topOneAgreement
    let spread = (topOneAgreement * differing / Double(max(1, divergence.count))).squareRoot()
    var cards = [
      Card(
        title: "mean KL divergence, nats", value: divergence.mean.withUncertainty(divergence.standardError),
        note: "± one standard error, \(positions)",
        scale: GradeScale.divergence.html(divergence.mean, error: divergence.standardError)),
      Card(
        title: "top-1 agreement", value: topOneAgreement.percentage,
        note: "\(agreeing.grouped) of \(positions) with the same most probable token",
        scale: GradeScale.disagreement.html(differing, error: spread)),
    ]
    if let ratio = perplexityRatio, let one = referencePerplexity, let other = candidatePerplexity {
      cards.append(
        Card(
          title: "perplexity ratio", value: "\(ratio)", note: "from \(one) to \(other)",
          scale: quality.isPredicted ? GradeScale.perplexityRatio.html(ratio.value - 1, error: ratio.standardError) : ""
        ))
    }
    if probabilityDelta.count > 0 {
      cards.append(
        Card(
          title: "Δp of the correct token",
          value: "\((probabilityDelta.mean * 100).withUncertainty(probabilityDelta.standardError * 100)) %",
          note: "RMS \((probabilityDelta.rootMeanSquare * 100).metricText) %"))
    }
    return cards
  }
}

extension Checkpoint {
  /// Bits of tensor data to an element; 0 without elements.
  var bitsPerWeight: Double {
    elementCount == 0 ? 0 : Double(tensorByteCount) * 8 / Double(elementCount)
  }
}
