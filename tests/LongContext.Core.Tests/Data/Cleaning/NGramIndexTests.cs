using LongContext.Data.Reading;
using LongContext.TestSupport;

namespace LongContext.Data.Cleaning;

public sealed class NGramIndexTests
{
    private static NGramIndexOptions Three => new() { Length = 3, MinimumLength = 2 };

    private static string Text(IEnumerable<NGramMatch> matches) => string.Join(" | ", matches.Select(match => $"{match.Start}-{match.End} {match.NGram} {match.Set}/{match.Instance}"));

    [Fact]
    public void Find_Text_GivesPlacesInTheOriginal()
    {
        NGramIndex index = NGramIndex.Build([new("qa", "1", "The cat's hat, today!"), new("qa", "2", "a CAT  sat down")], Three);
        // N-grams: the cats hat, cats hat today; a cat sat, cat sat down.
        Assert.Equal(4, index.NGrams);
        //                     0123456789012345678901234567890123
        const string document = "So: «the cats' HAT» — today a cat sat.";
        Assert.Equal("5-18 the cats hat qa/1 | 9-27 cats hat today qa/1 | 28-37 a cat sat qa/2", Text(index.Find(document)));
        Assert.Equal("«the cats' HAT» — today a cat sat."[1..14], document[5..18]);
        Assert.Empty(index.Find("the cats"));
        Assert.Empty(index.Find(""));
        Assert.Empty(index.Find("the cats, the hat today"));
    }

    [Fact]
    public void Find_ShortTexts_AsThePolicySays()
    {
        EvaluationText[] texts = [new("qa", "1", "Two words"), new("qa", "2", "one"), new("qa", "3", "three whole words")];
        Assert.Equal("2-11 two words qa/1", Text(NGramIndex.Build(texts, Three).Find("x Two-words! two words".Replace("-", " ", StringComparison.Ordinal)).Take(1)));
        Assert.Equal(2, NGramIndex.Build(texts, Three).NGrams);
        NGramIndex strict = NGramIndex.Build(texts, Three with { ShortTexts = ShortTextPolicy.Ignore });
        Assert.Equal(1, strict.NGrams);
        Assert.Empty(strict.Find("two words"));
    }

    [Fact]
    public void Find_SeveralLengths_AreInTheOrderOfTheText()
    {
        NGramIndex index = NGramIndex.Build([new("a", "1", "b c"), new("a", "2", "a b c"), new("a", "3", "c d e")], Three);
        Assert.Equal("0-5 a b c a/2 | 2-5 b c a/1 | 4-9 c d e a/3", Text(index.Find("a b c d e")));
    }

    [Fact]
    public void Find_ChineseText_GoesByCharacters()
    {
        NGramIndex index = NGramIndex.Build([new("zh", "1", "今天天气很好，我们去公园散步吧。")]);
        Assert.Equal(2, index.NGrams); // 14 characters: two of 13 in a row
        string document = "他说：“今天 天气很好我们去公园散步”。";
        NGramMatch match = Assert.Single(index.Find(document));
        Assert.Equal("今天 天气很好我们去公园散步", document[match.Start..match.End]);
    }

    [Fact]
    public void Build_LengthByPercentile_IsEachSetsOwn()
    {
        // Set a: texts of 1 to 40 words, of which the 5th percentile is the 2nd (place ⌊39/20⌋ = 1): 2 words, clamped to 4. Set b: 9 words each.
        string Words(string mark, int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => mark + i));
        EvaluationText[] texts = [.. Enumerable.Range(1, 40).Select(i => new EvaluationText("a", $"{i}", Words($"a{i}x", i))), new("b", "1", Words("b", 9))];
        NGramIndex index = NGramIndex.Build(texts, new NGramIndexOptions { MinimumLength = 4, LengthByPercentile = true });
        // Of a: texts of 4 to 40 words have i − 3 n-grams: 1 + … + 37 = 703. Of b: one of 9 words.
        Assert.Equal(704, index.NGrams);
        Assert.Single(index.Find(Words("b", 9)));
        Assert.Empty(index.Find(Words("b", 8)));
        Assert.Equal(2, index.Find(Words("a5x", 5)).Count);
    }

    /// <summary>With hashes of few bits they meet all the time, and still nothing is found but what is there.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(0x00000000_00000007UL)]
    [InlineData(0xF0000000_00000000UL)]
    [InlineData(ulong.MaxValue)]
    public void Find_AnyHashes_AgreesWithComparingWords(ulong hashMask)
    {
        string[] Draw(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => $"{new SplitMix64(seed, i).Next() % 5}")];
        EvaluationText[] texts = [.. Enumerable.Range(0, 30).Select(i => new EvaluationText("s", $"{i}", string.Join(' ', Draw(100 + i, 8))))];
        NGramIndex index = NGramIndex.Build(texts, new NGramIndexOptions { Length = 4, MinimumLength = 4 }, hashMask);
        HashSet<string> known = [.. texts.SelectMany(text => Enumerable.Range(0, 5).Select(i => string.Join(' ', text.Text.Split(' ')[i..(i + 4)])))];
        Assert.Equal(known.Count, index.NGrams);
        string[] words = Draw(7, 3000);
        string[] expected = [.. Enumerable.Range(0, words.Length - 3).Where(i => known.Contains(string.Join(' ', words[i..(i + 4)]))).Select(i => $"{2 * i}-{(2 * i) + 7}")];
        Assert.Equal(expected, index.Find(string.Join(' ', words)).Select(match => $"{match.Start}-{match.End}"));
        Assert.InRange(expected.Length, 100, 2000);
    }

    [Fact]
    public void Identity_IsThatOfTheNGrams()
    {
        static NGramIndex Of(params string[] texts) => NGramIndex.Build(texts.Select(text => new EvaluationText("s", "i", text)), new NGramIndexOptions { Length = 2, MinimumLength = 1 });
        Assert.Equal(Of("a b c").Identity, Of("A, b", "b c!").Identity);
        Assert.Equal(5, new[] { Of(), Of("a b c"), Of("a b", "c"), Of("a b"), Of("ab c") }.Select(index => index.Identity).Distinct().Count());
    }

    [Fact]
    public void FromFiles_SetsOfSeveralForms_AreNamedByTheirFiles()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["sets/long"]);
        File.WriteAllText(folder["sets/long/qa.jsonl"], """
            {"question": "one two three", "answers": ["four five six", {"text": "seven eight nine"}, 7, null], "context": "not not not"}
            {"question": null, "meta": {"ask": "ten eleven twelve"}}
            """);
        File.WriteAllText(folder["sets/v1.5.csv"], "question\nthirteen fourteen fifteen\n");
        NGramIndex index = NGramIndex.FromFiles([folder["sets"]], ["question", "answers", "meta.ask"], new NGramIndexOptions { Length = 3, MinimumLength = 3 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["one two three: long/qa line 1", "four five six: long/qa line 1", "seven eight nine: long/qa line 1", "ten eleven twelve: long/qa line 2", "thirteen fourteen fifteen: v1.5 line 2"],
            index.Find("one two three. four five six. seven eight nine. ten eleven twelve. thirteen fourteen fifteen. not not not").Select(match => $"{match.NGram}: {match.Set} {match.Instance}"));
        Assert.Equal(5, index.NGrams);
    }

    [Fact]
    public void FromFiles_Faults_AreNamed()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string file = folder["qa.jsonl"];
        File.WriteAllText(file, """
            {"question": "one two three"}
            {"prompt": "one two three"}
            """);
        DataFormatException fault = Assert.Throws<DataFormatException>(() => NGramIndex.FromFiles([file], ["question", "input"], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal((file, 2L), (fault.Path, fault.LineNumber));
        Assert.Contains("no field \"question\" or \"input\"", fault.Message, StringComparison.Ordinal);
        Assert.Contains("\"prompt\" (a string)", fault.Message, StringComparison.Ordinal);
        NGramIndex passed = NGramIndex.FromFiles([file], ["question"], new NGramIndexOptions { Length = 3, MinimumLength = 3 }, new RecordSourceOptions { BadLines = BadLines.Skip }, TestContext.Current.CancellationToken);
        Assert.Equal(1, passed.NGrams);
        Assert.Throws<ArgumentException>("fields", () => NGramIndex.FromFiles([file], [], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>("fields", () => NGramIndex.FromFiles([file], [""], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Throws<FileNotFoundException>(() => NGramIndex.FromFiles([folder["no.jsonl"]], ["question"], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Throws<OperationCanceledException>(() => NGramIndex.FromFiles([file], ["question"], cancellationToken: new CancellationToken(true)));
    }

    [Fact]
    public void Build_BadInput_IsRefused()
    {
        string message = Assert.Throws<ArgumentException>(() => NGramIndex.Build([], new NGramIndexOptions { Length = 0, MinimumLength = 3 })).Message;
        Assert.Contains("Length is 0", message, StringComparison.Ordinal);
        Assert.Contains("MinimumLength is 3, expected 1 to Length (0)", message, StringComparison.Ordinal);
        Assert.Contains("Evaluation text 1", Assert.Throws<ArgumentException>("evaluation", () => NGramIndex.Build([new("a", "b", "c"), new("a", "b", null!)])).Message, StringComparison.Ordinal);
        Assert.Equal(0, NGramIndex.Build([]).NGrams);
        Assert.Empty(NGramIndex.Build([]).Find("some text"));
    }
}
