# A Homebrew formula. Untested: it was written without a Mac. VERSION, URL and SHA256 are filled in by scripts/packaging/macos.sh.
class Ingot < Formula
  desc "Convert, quantize, inspect and verify LLM checkpoints"
  homepage "@HOMEPAGE@"
  url "@URL@"
  version "@VERSION@"
  sha256 "@SHA256@"
  license "Apache-2.0"

  depends_on xcode: ["26.0", :build]
  depends_on "pkgconf" => :build
  depends_on macos: :tahoe
  depends_on "zstd"

  def install
    system "swift", "build", "--disable-sandbox", "-c", "release", "--product", "ingot"
    system "make", "install", "PREFIX=#{prefix}"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/ingot --version")
    assert_match "safetensors", shell_output("#{bin}/ingot formats")
    assert_match "is neither a command nor a topic", shell_output("#{bin}/ingot help nothing 2>&1", 64)
  end
end
