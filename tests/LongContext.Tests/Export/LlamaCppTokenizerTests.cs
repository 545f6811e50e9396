using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Checkpoints;
using LongContext.Core.Tests.Tokenization;
using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Export;

/// <summary>llama.cpp gives the ids of Hugging Face's tokenizers from an exported file.</summary>
[Trait("Category", "Slow"), Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed partial class LlamaCppTokenizerTests
{
    public static IEnumerable<TheoryDataRow<string>> Tokenizers() => TestPaths.FixtureFiles("*.json", "hf", "tokenizers");

    [Theory, MemberData(nameof(Tokenizers))]
    public void Export_RealTokenizer_GivesTheGoldenIds(string file)
    {
        using JsonDocument golden = Golden(file);
        Check(golden, Folder(golden), file);
    }

    /// <summary>Also with scores that many pieces share, which the lower id then goes before: the order is that of the real file all the same.</summary>
    [Theory, InlineData(1), InlineData(64)]
    public void Export_TokenizerModelAlone_GivesTheGoldenIds(int sharing)
    {
        string file = Path.Combine(TestPaths.Fixtures, "hf", "tokenizers", "llama2.json");
        Assert.SkipUnless(File.Exists(file), $"{file} is not on this machine");
        using JsonDocument golden = Golden("llama2.json");
        string source = Folder(golden);
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SentencePieceFile model = SentencePieceFile.OfLlama2(Path.Combine(source, "tokenizer.json"));
        for (int id = 0; id < model.Pieces.Count; id++) model.Pieces[id] = model.Pieces[id] with { Score = MathF.Floor(model.Pieces[id].Score / sharing) };
        File.WriteAllBytes(folder["tokenizer.model"], model.ToBytes());
        File.Copy(Path.Combine(source, "tokenizer_config.json"), folder["tokenizer_config.json"]);
        Check(golden, folder.Path, $"llama2 as tokenizer.model, scores shared by {sharing}");
    }

    private static JsonDocument Golden(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Fixtures, "hf", "tokenizers", file)));

    private static string Folder(JsonDocument golden)
    {
        string root = Environment.GetEnvironmentVariable("LONGCONTEXT_TOKENIZERS") is { Length: > 0 } named ? named : Path.Combine(TestPaths.Shared, "tokenizers");
        string folder = Path.Combine(root, golden.RootElement.GetProperty("tokenizer").GetString()!);
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "tokenizer.json")), $"{folder} is not on this machine");
        return folder;
    }

    /// <summary>Golden ids for the golden texts, and this library's own for thousands more.</summary>
    private static void Check(JsonDocument golden, string folder, string name)
    {
        LlamaCpp.SkipUnlessThere();
        using TemporaryFolder work = TestPaths.NewTemporaryFolder();
        ModelConfig config = ExportCases.Of("llama") with { VocabularySize = 152_000, HiddenSize = 32, HeadCount = 2, LayerCount = 1, TieWordEmbeddings = true };
        using (CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 1))
            GgufExporter.Export(model, work["model.gguf"], new GgufExportOptions { TokenizerFolder = folder, ElementType = GgufTensorType.Q8_0 });

        (string Text, int[] Ids)[] cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(row =>
            (row.GetProperty("text").GetString()!, row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()))];
        HuggingFaceTokenizer own = HuggingFaceTokenizer.Load(folder);
        string[] others = [.. File.ReadLines(TestPaths.RequireShared("data", "kjv.txt")).Where((_, i) => i % 5 == 0), .. Noise(500), .. Blanks()];
        LlamaCppResult result = LlamaCpp.Run(new LlamaCppJob(work["model.gguf"]) { Texts = [.. cases.Select(row => row.Text), .. others] })[0];
        Assert.True(result.Error is null, $"{result.Error} {string.Join(" | ", result.Messages)}");
        var known = new Differences(result.Messages, normalizes: own.Vocabulary.NormalizerTypes.Contains("NFC"));
        Assert.Equal(cases.Where(row => !known.Touch(row.Text)).Select(row => string.Join(' ', row.Ids)), cases.Zip(result.Texts)
            .Where(pair => !known.Touch(pair.First.Text)).Select(pair => string.Join(' ', pair.Second)));
        Assert.All(others.Zip(result.Texts.Skip(cases.Length)), pair => Assert.Equal(own.EncodeToIds(pair.First), pair.Second));
        int other = cases.Zip(result.Texts).Count(pair => !pair.First.Ids.AsSpan().SequenceEqual(pair.Second));
        Console.WriteLine($"{name}: {cases.Length - other} of {cases.Length} texts have the golden ids, {others.Length} more this library's");
    }

    /// <summary>Runs of spaces, the pieces for which may all have one score, and of line ends.</summary>
    private static IEnumerable<string> Blanks() => Enumerable.Range(1, 120).SelectMany(count =>
        new[] { new string(' ', count), $"a{new string(' ', count)}b", $"if{new string('\n', count % 9)}{new string(' ', count)}x{new string('\t', count % 7)}" });

    /// <summary>Words run together, split anywhere, spaces in heaps: what merges by score and by rank would most likely take apart differently.</summary>
    private static IEnumerable<string> Noise(int count)
    {
        const string Letters = "aaeeiioouutthhrrssnnllddmmccfgpbwyvkxzq  ..,AIT0129-'";
        var random = new Random(6);
        return Enumerable.Range(0, count).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => Letters[random.Next(Letters.Length)])));
    }

    /// <summary>
    /// Where llama.cpp differs whatever a file says: it normalises nothing, and takes some tokens for special by their text, as its log tells
    /// (for example "&lt;/s&gt;", which Qwen has as plain text).
    /// </summary>
    private sealed partial class Differences(IReadOnlyList<string> messages, bool normalizes)
    {
        private readonly string[] overridden = [.. messages.Select(message => Overridden().Match(message)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

        public bool Touch(string text) =>
            (normalizes && text.EnumerateRunes().Any(rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark))
            || overridden.Any(token => text.Contains(token, StringComparison.Ordinal));

        [GeneratedRegex("control-looking token: +[0-9]+ '(.+)' was not control-type")]
        private static partial Regex Overridden();
    }
}
