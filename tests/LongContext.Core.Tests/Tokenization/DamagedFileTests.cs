using System.Text;
using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Files with bytes changed, lost or doubled: they load as something, or are refused in words; nothing else happens.</summary>
public sealed class DamagedFileTests
{
    private const string Parts = """
        {
          "added_tokens": [{"id": 6, "content": "<x>", "special": true, "rstrip": true}, {"id": 7, "content": "y", "normalized": true}],
          "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"Regex": "x{2,3}|[^a-c]"}, "content": "b"}]},
          "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": "(?i:'s)|\\p{L}+|(?<=a)\\s*"}, "behavior": "MergedWithNext", "invert": false},
            {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": true}, {"type": "Digits", "individual_digits": true}]},
          "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"<x>": {"id": "<x>", "ids": [6]}}},
          "decoder": {"type": "Sequence", "decoders": [{"type": "Strip", "content": " ", "start": 1, "stop": 1}, {"type": "Metaspace", "replacement": "_"}, {"type": "ByteFallback"}]},
          "model": {"type": "BPE", "unk_token": "c", "fuse_unk": true, "byte_fallback": true, "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "_": 5}, "merges": ["a b", ["ab", "c"]]}
        }
        """;

    [Fact]
    public void Load_TokenizerJsonWithRandomDamage_LoadsOrIsRefusedInWords()
    {
        Assert.NotNull(TinyTokenizer.Load(JsonNode.Parse(Parts)!));
        TryDamaged("tokenizer.json", Encoding.UTF8.GetBytes(Parts), rounds: 4000);
    }

    [Fact]
    public void Load_TokenizerModelWithRandomDamage_LoadsOrIsRefusedInWords()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a", "b", "▁a", "ab");
        file.Pieces.Add(("<x>", 0, SentencePieceFile.UserDefined));
        TryDamaged("tokenizer.model", file.ToBytes(), rounds: 3000);
    }

    private static void TryDamaged(string name, byte[] whole, int rounds)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var random = new Random(3);
        int loaded = 0;
        for (int round = 0; round < rounds; round++)
        {
            List<byte> bytes = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--) Damage(bytes, random);
            File.WriteAllBytes(folder[name], [.. bytes]);
            try
            {
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path);
                int[] ids = tokenizer.Encode("abc 's 12 <x>  é🙂xxx\ny ca");
                tokenizer.Decode(ids);
                loaded++;
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException)
            {
                Assert.Contains(name, e.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(loaded, 1, rounds - 1);
    }

    private static void Damage(List<byte> bytes, Random random)
    {
        int at = random.Next(bytes.Count);
        switch (random.Next(5))
        {
            case 0: bytes[at] = (byte)random.Next(256); break;
            case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 12), bytes.Count - at)); break;
            case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 12), bytes.Count - at))); break;
            default: bytes[at] = (byte)"0123456789[]{}\",\\-+*?()"[random.Next(23)]; break;
        }

        if (bytes.Count == 0) bytes.Add(0);
    }
}
