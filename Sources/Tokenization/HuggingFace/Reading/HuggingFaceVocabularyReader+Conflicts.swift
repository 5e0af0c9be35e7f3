import Bytes

extension HuggingFaceVocabularyReader {
  /// Reports each role for which the files name different tokens, and which one is followed.
  mutating func findSpecialTokenConflicts() {
    for role in [SpecialToken.bos, .eos, .unk, .pad] {
      let claims = claims(of: role)
      reportAbsentTokens(of: role, claims)
      let used = vocabulary.id(of: role)
      let agreeing = claims.filter { claim in used.map(claim.ids.contains) ?? false }
      let others = claims.filter { claim in !agreeing.contains(claim) }
      guard !others.isEmpty, used != nil || Set(others.map(\.ids)).count > 1 else { continue }
      let decider = used.flatMap { id in
        deciders[role].map { VocabularyConflict.Claim(file: $0, ids: [id]) }
      }
      conflicts.append(.specialToken(role: role, used: decider, others: others))
    }
  }

  /// Reports ids that the vocabulary does not have, unless that was done when the role was read.
  private mutating func reportAbsentTokens(of role: SpecialToken, _ claims: [VocabularyConflict.Claim]) {
    let size = max(vocabularySize, vocabulary.count)
    for claim in claims {
      for id in claim.ids {
        let isReported = conflicts.contains {
          if case .specialTokenBeyond(role, id, claim.file, _) = $0 { true } else { false }
        }
        guard !isReported, let conflict = VocabularyConflict.beyond(role, id, in: claim.file, size: size) else {
          continue
        }
        conflicts.append(conflict)
      }
    }
  }

  /// The ids of `role` in each file that states one.
  private func claims(of role: SpecialToken) -> [VocabularyConflict.Claim] {
    var claims: [VocabularyConflict.Claim] = []
    for (file, source) in [
      ("tokenizer_config.json", files.configuration), ("special_tokens_map.json", files.specialTokensMap),
    ] {
      let entry = source?["\(role.rawValue)_token"]
      guard let text = entry?.string ?? entry?["content"]?.string else { continue }
      guard let id = files.idOfAddedToken(text) ?? vocabulary.id(ofText: text) else { continue }
      claims.append(VocabularyConflict.Claim(file: file, ids: [id]))
    }
    for (file, source) in [("config.json", files.model), ("generation_config.json", files.generation)] {
      guard let entry = source?[role.configurationKey] else { continue }
      let ids = entry.array?.compactMap(\.integer) ?? entry.integer.map { [$0] } ?? []
      // -1 is how some configurations write "none".
      guard !ids.isEmpty, ids != [-1] else { continue }
      claims.append(VocabularyConflict.Claim(file: file, ids: ids))
    }
    return claims
  }
}
