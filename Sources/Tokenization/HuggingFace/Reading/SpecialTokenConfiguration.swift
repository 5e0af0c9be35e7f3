import Bytes

/// The special tokens of `tokenizer_config.json`, as amended by the post-processor of `tokenizer.json`.
///
/// A token is named by its text or by an object with the member `content`. Only plain texts are compared with the
/// post-processor, as in llama.cpp's converter.
struct SpecialTokenConfiguration {
  /// Whether there is a `tokenizer_config.json` with any member.
  let isPresent: Bool
  private var members: [SpecialToken: JSON] = [:]

  init(_ configuration: JSON?) {
    isPresent = configuration?.isTruthy ?? false
    for role in SpecialToken.allCases {
      members[role] = configuration?["\(role.rawValue)_token"]
    }
  }

  /// The text of the token for `role`.
  func text(of role: SpecialToken) -> String? { members[role]?.string ?? members[role]?["content"]?.string }

  /// Applies the tokens that a post-processor adds, and the names it implies.
  mutating func readPostProcessor(
    _ postProcessor: JSON?, roles: inout [SpecialToken], additions: inout [SpecialTokenAddition]
  ) {
    var bos = members[.bos], cls = members[.cls], eos = members[.eos], sep = members[.sep]
    if !bos.isTruthy, cls.isTruthy, isPresent {
      bos = cls
      members[.bos] = cls
    }
    if !eos.isTruthy, sep.isTruthy, isPresent {
      eos = sep
      members[.eos] = sep
    }
    guard let postProcessor, postProcessor.isTruthy else { return }
    for processor in postProcessor["processors"]?.array ?? [postProcessor] {
      switch processor["type"]?.string {
      case "ByteLevel":
        for role in [SpecialToken.bos, .eos] where !additions.contains(where: { $0.role == role }) {
          additions.append(SpecialTokenAddition(role, false))
        }
      case "RobertaProcessing":
        for role in [SpecialToken.bos, .eos, .sep] { additions.answer(role, true) }
        if !cls.isTruthy, isPresent {
          cls = processor["cls"]?.array?.first ?? bos
          members[.cls] = cls
        }
        if !sep.isTruthy, isPresent {
          sep = processor["sep"]?.array?.first ?? eos
          members[.sep] = sep
        }
      case "TemplateProcessing":
        let template = Template(processor)
        var last: String?
        if template.single.count > 1, let first = template.single.first?.special {
          let isKnown = bos.names(first) || cls.names(first)
          if !isPresent {
            bos = .string(first)
          } else if !isKnown {
            if !bos.isTruthy { bos = .string(first); members[.bos] = bos }
            if !cls.isTruthy { cls = .string(first); members[.cls] = cls }
          }
          additions.answer(.bos, bos.names(first) || cls.names(first))
        }
        if template.single.count > 1, let ending = template.single.last?.special {
          last = ending
          if isPresent, !eos.names(ending) {
            // The configured EOS becomes EOT; the template's own is EOS.
            if let role = [SpecialToken.eot, .eom].first(where: { !roles.contains($0) }) {
              roles.append(role)
              members[role] = eos
            }
            members[.eos] = .string(ending)
          }
          eos = .string(ending)
          additions.answer(.eos, true)
        }
        if let isAdded = template.addsSeparator(sep: sep, eos: eos, last: last) {
          additions.answer(.sep, isAdded)
          if isAdded, !sep.isTruthy, isPresent { members[.sep] = eos }
        }
      default: break
      }
    }
  }

  /// The sections of a `TemplateProcessing`.
  private struct Template {
    enum Part {
      case special(String)
      case sequence(String)
      case other

      var special: String? { if case .special(let text) = self { text } else { nil } }
      var sequence: String? { if case .sequence(let name) = self { name } else { nil } }
    }

    let single: [Part]
    let pair: [Part]

    init(_ processor: JSON) {
      func parts(_ key: String) -> [Part] {
        (processor[key]?.array ?? []).map { part in
          if let text = part["SpecialToken"]?["id"]?.string, !text.isEmpty { return .special(text) }
          return part["Sequence"]?["id"]?.string.map(Part.sequence) ?? .other
        }
      }
      single = parts("single")
      pair = parts("pair")
    }

    /// Whether there is a separator between the two sequences of the pair; nil without a pair.
    func addsSeparator(sep: JSON?, eos: JSON?, last: String?) -> Bool? {
      var inner = pair[...]
      let first = single.count > 1 ? single.first?.special : nil
      if let first, inner.first?.special == first { inner = inner.dropFirst() }
      if let last, pair.last?.special == last { inner = inner.dropLast() }
      guard inner.first?.sequence == "A", inner.last?.sequence == "B" else { return nil }
      let between = Array(inner.dropFirst().dropLast())
      guard let opening = between.first else { return nil }
      var isAdded = false
      if let text = opening.special, sep.names(text) || eos.names(text), last == nil { isAdded = true }
      if between.count == 2, let text = between[1].special, sep.names(text) || eos.names(text) { isAdded = true }
      return isAdded
    }
  }
}

extension Optional<JSON> {
  fileprivate var isTruthy: Bool { self?.isTruthy ?? false }
  fileprivate func names(_ text: String) -> Bool { self?.string.map { $0.utf8.elementsEqual(text.utf8) } ?? false }
}

extension [SpecialTokenAddition] {
  /// Sets the answer for `role`, whose position in the order is kept.
  fileprivate mutating func answer(_ role: SpecialToken, _ isAdded: Bool) {
    if let index = firstIndex(where: { $0.role == role }) {
      self[index].isAdded = isAdded
    } else {
      append(SpecialTokenAddition(role, isAdded))
    }
  }
}
