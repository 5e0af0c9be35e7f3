import Foundation
import TestSupport
import Testing

/// The completions of zsh and fish, run by these shells as their line editors do.
@Suite("Completions")
struct ShellCompletionTests {
  enum Shell: String, CaseIterable {
    case zsh, fish

    var path: String { "/usr/bin/\(rawValue)" }
    var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }
    /// Whether there is the command that gives fish a terminal; fish completes nothing of ours without one.
    static var hasScript: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/script") }
  }

  /// Lines whose last word is the beginning of one name alone, and that name.
  static let values: [(words: [String], expected: String)] = [
    (["inspect", "READ"], "README.md"), (["convert", "READ"], "README.md"),
    (["run", "a", "--perplexity", "READ"], "README.md"),
    (["convert", "m", "--type", "IQ4_X"], "IQ4_XS"), (["convert", "m", "--type", "ke"], "keep"),
    (["convert", "m", "--naming", "met"], "meta"), (["check", "m", "--arch-as", "aquil"], "aquila"),
    (["convert", "m", "--has-transform", "plus_one=y"], "plus_one=yes"), (["architectures", "aqui"], "aquila"),
    (["convert", "m", "--pre-tokenizer", "llama-b"], "llama-bpe"), (["diff", "a", "b", "--budget", "a"], "auto"),
    (["quantize", "a.gguf", "b.gguf", "IQ4_N"], "IQ4_NL"),
    (["meta", "get", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf", "llama.rope.f"], "llama.rope.freq_base"),
    (["tokeni"], "tokenize"), (["convert", "m", "--dry"], "--dry-run"),
  ]

  @Test(
    "of zsh offer files, types, naming schemes, architectures and metadata keys",
    .enabled(if: Shell.zsh.isInstalled, "zsh is not installed"), arguments: values)
  func zsh(words: [String], expected: String) throws {
    let folder = TemporaryFolder()
    try folder.write(Array(Self.capture.utf8), to: "capture.zsh")
    let line = words.joined(separator: " ")
    let script = """
      mkdir \(folder.file("functions")) && "$ingot" --generate-completion-script zsh > \(folder.file("functions"))/_ingot
      PATH="$(dirname "$ingot"):$PATH" HOME=\(folder.path) zsh -f \(folder.file("capture.zsh")) \(folder.path) 'ingot \(line)'
      """
    let run = try Program.shell(script)
    let offers = run.output.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(offers.contains { $0 == expected || $0.hasPrefix(expected + " ") }, "\(run.output)\(run.error)")
  }

  @Test(
    "of fish offer files, types, naming schemes, architectures and metadata keys",
    .enabled(if: Shell.fish.isInstalled && Shell.hasScript, "fish or script is not installed"), arguments: values)
  func fish(words: [String], expected: String) throws {
    let folder = TemporaryFolder()
    let line = (["ingot"] + words.dropLast()).joined(separator: " ")
    // The tab key after the line, then a key that writes the line as it is now to a file.
    let configuration = """
      source \(folder.file("ingot.fish"))
      bind \\cg 'commandline > \(folder.file("line")); exit'

      """
    try folder.write(Array(configuration.utf8), to: "config.fish")
    let script = """
      export PATH="$(dirname "$ingot"):$PATH" HOME=\(folder.path) TERM=xterm
      "$ingot" --generate-completion-script fish > \(folder.file("ingot.fish"))
      printf '%s\\t\\a' '\(line) \(words.last ?? "")' |
        script -qec "fish --no-config -C 'source \(folder.file("config.fish"))'" /dev/null
      """
    let run = try Program.shell(script)
    let text = (try? String(contentsOfFile: folder.file("line"), encoding: .utf8)) ?? ""
    #expect(text.trimmingCharacters(in: .whitespacesAndNewlines) == line + " " + expected, "\(run.output)\(run.error)")
  }

  /// Runs an interactive zsh on a terminal of its own, presses the tab key after a line, and prints the matches that
  /// completion functions add.
  private static let capture = #"""
    zmodload zsh/zpty || exit 1
    setopt rcquotes
    zpty shell zsh -f -i
    () {
      zpty -w shell source $1
      repeat 20; do
        zpty -r shell line
        [[ $line == *ready* ]] && return
      done
      print -u2 "zsh does not begin"
      exit 2
    } =(<<< '
    PROMPT=
    fpath=('$1'/functions $fpath)
    autoload -Uz compinit
    compinit -u -d '$1'/dump
    bindkey ''^M'' undefined
    bindkey ''^J'' undefined
    bindkey ''^I'' complete-word
    mark() { print -r -- "<mark>" }
    compprefuncs=(mark)
    comppostfuncs=(mark exit)
    zstyle '':completion:*'' insert-tab false
    compadd() {
      # Calls that only fill arrays add nothing.
      if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
      fi
      typeset -a hits
      builtin compadd -A hits "$@"
      [[ -n $hits ]] && print -rl -- $hits
    }
    echo ready')
    zpty -w shell "$2"$'\t'
    integer marks=0
    while zpty -r shell line; do
      for part in ${(f)line}; do
        part=${part//$'\r'/}
        if [[ $part == *"<mark>"* ]]; then
          (( marks++ )) && exit 0
        elif (( marks )); then
          print -r -- $part
        fi
      done
    done
    """#
}
