using LongContext.TestSupport;

namespace LongContext.Evaluation.Segmentation;

public sealed class JiebaSegmenterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Segment_SmallDictionary_TakesTheLikeliestWay()
    {
        // 武汉 市长 江大桥 = 4/40 · 3/40 · 1/40 … against 武汉市 长江 大桥 = 9/40 · 8/40 · 7/40.
        JiebaSegmenter jieba = Load("武汉 4 ns", "市长 3 n", "武汉市 9 ns", "长江 8", "大桥 7", "长江大桥 1", "A股 8 n");
        Assert.Equal(["武汉市", "长江", "大桥", "。", "A股", " ", "\r\n", "\n", "😀"], jieba.Segment("武汉市长江大桥。A股 \r\n\n😀"));
        Assert.Empty(jieba.Segment(""));
        Assert.False(jieba.IsComparable);
        Assert.Contains("not comparable", jieba.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_WithoutModel_JoinsLettersAndDigitsOnly()
    {
        JiebaSegmenter jieba = Load("我们 5");
        Assert.Equal(["我们", "abc12", ".", "5", "%", "大", "桥", "x"], jieba.Segment("我们abc12.5%大桥x"));
    }

    [Fact]
    public void Segment_RandomTexts_AgreesWithAllWays()
    {
        Random random = new(31);
        for (int round = 0; round < 60; round++)
        {
            Dictionary<string, int> words = [];
            for (int i = 0; i < 25; i++) words[Draw(random.Next(1, 5))] = random.Next(1, 60);
            JiebaSegmenter jieba = Load([.. words.Select(word => $"{word.Key} {word.Value}")]);
            double logTotal = Math.Log(words.Values.Sum());
            for (int i = 0; i < 50; i++)
            {
                string text = Draw(random.Next(1, 10));
                Assert.Equal(Best(text).Pieces, jieba.Segment(text));
            }

            // Every way to cut, each judged from its end, as the sum is; of equals the one with the longer first piece.
            (double Value, string[] Pieces) Best(string text)
            {
                if (text.Length == 0) return (0, []);
                (double Value, string[] Pieces) best = (double.NegativeInfinity, []);
                for (int length = 1; length <= text.Length; length++)
                {
                    string piece = text[..length];
                    bool none = !words.Keys.Any(word => text.StartsWith(word, StringComparison.Ordinal));
                    if (!words.TryGetValue(piece, out int frequency) && !(none && length == 1)) continue;
                    (double value, string[] pieces) = Best(text[length..]);
                    value += Math.Log(Math.Max(1, frequency)) - logTotal;
                    if (value >= best.Value) best = (value, [piece, .. pieces]);
                }

                return best;
            }

            string Draw(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "天地人大中"[random.Next(5)]));
        }
    }

    [Fact]
    public void Segment_NewWords_AreFoundByTheModel()
    {
        // B 天, E 地 for sure, 人 alone.
        WriteModel("{'B': {'\\u5929': -0.1}, 'M': {}, 'E': {'\\u5730': -0.1}, 'S': {'\\u4eba': -0.1, '\\u2236': -1.0}}");
        JiebaSegmenter jieba = JiebaSegmenter.Load(Write("dict.txt", "好的 5"), folder.Path);
        Assert.Equal(["天地", "好的", "人", "天地", "人", "x1.5%", "-", "天地"], jieba.Segment("天地好的人天地人x1.5%-天地"));
    }

    [Fact]
    public void Load_UserWords_ChangeTheCut()
    {
        string dictionary = Write("dict.txt", "大 10", "桥 10", "大桥 1", "江 10", "长江 90");
        string words = Write("user.txt", "", "江大桥 5000 n", "大 桥 7", "长江大桥", "C++ 3");
        JiebaSegmenter plain = JiebaSegmenter.Load(dictionary, null);
        Assert.Equal(["长江", "大桥", "江", "大桥", "C", "+", "+"], [.. plain.Segment("长江大桥"), .. plain.Segment("江大桥"), .. plain.Segment("C++")]);
        JiebaSegmenter jieba = JiebaSegmenter.Load(dictionary, null, words);
        Assert.Equal(["长江大桥", "江大桥", "C++"], [.. jieba.Segment("长江大桥"), .. jieba.Segment("江大桥"), .. jieba.Segment("C++")]);
        Assert.False(jieba.IsComparable);
    }

    [Theory]
    [InlineData("好 1\n大\n", "line 2: found \"大\"")]
    [InlineData("好 1\n\n大 2", "line 2: found \"\"")]
    [InlineData("好 x n", "line 1: found \"好 x n\"")]
    [InlineData("好 -1", "line 1")]
    [InlineData("好  1", "line 1")]
    [InlineData("", "no word")]
    [InlineData("好 0", "no word")]
    public void Load_BadDictionary_NamesFileAndLine(string content, string expected)
    {
        string path = Path.Combine(folder.Path, "bad.txt");
        File.WriteAllText(path, content);
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => JiebaSegmenter.Load(path, null));
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BytesThatAreNoUtf8_NamesTheLine()
    {
        string path = Path.Combine(folder.Path, "bad.txt");
        File.WriteAllBytes(path, [.. "好 1\n"u8, 0xC3, 0x28, .. " 1\n"u8]);
        Assert.Contains("line 2: found bytes that are no UTF-8", Assert.Throws<InvalidDataException>(() => JiebaSegmenter.Load(path, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import os\nP={}", "line 1")]
    [InlineData("P={'B': __import__('os')}", "expected a number")]
    [InlineData("P={'B': {'a': {'b': 1}}}", "expected a number")]
    [InlineData("P={'B': {'\\q': 1}}", "hexadecimal")]
    [InlineData("P={'B': {'a': 1.5", "the end of the file")]
    [InlineData("P={'B': {}, 'B': {}}", "each key once")]
    [InlineData("P={'B': {}}\nprint(P)", "line 2")]
    [InlineData("P={'B': {}, 'E': {}, 'M': {}}", "found the states B, E, M")]
    [InlineData("P={'B': 1}", "expected a table")]
    [InlineData("P={'B': {'ab': -1}, 'E': {}, 'M': {}, 'S': {}}", "expected one character")]
    [InlineData("P={'B': {'a': 1e999}}", "expected a number")]
    [InlineData("", "the end of the file")]
    public void Load_BadModel_NamesTheFileAndEvaluatesNothing(string content, string expected)
    {
        string dictionary = Write("dict.txt", "好 1");
        WriteModel("");
        File.WriteAllText(Path.Combine(folder.Path, "prob_emit.py"), content);
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => JiebaSegmenter.Load(dictionary, folder.Path));
        Assert.Contains("prob_emit.py", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FilesMissing_SaysWhichAndWhereTheyLie()
    {
        Assert.Contains("dict.txt", Assert.Throws<FileNotFoundException>(() => JiebaSegmenter.Load(folder.Path)).Message, StringComparison.Ordinal);
        string dictionary = Write("dict.txt", "好 1");
        Assert.Contains("finalseg", Assert.Throws<FileNotFoundException>(() => JiebaSegmenter.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("user.txt", Assert.Throws<FileNotFoundException>(() => JiebaSegmenter.Load(dictionary, null, Path.Combine(folder.Path, "user.txt"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_OfficialFiles_AreComparableAndLoseNothing()
    {
        JiebaSegmenter jieba = InstalledJieba.Segmenter;
        Assert.True(jieba.IsComparable);
        Assert.DoesNotContain("not comparable", jieba.Name, StringComparison.Ordinal);
        Random random = new(41);
        string[] parts = ["研究", "人员", "龘", "鿕", "一", "。", "3.5%", "C++", "\r\n", "\u3000", "😀", "\ud83d", "abc", ".", "𝒜", "睡眠不足", "他来到了网易杭研大厦"];
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => string.Concat(random.GetItems(parts, random.Next(1, 30))))];
        IReadOnlyList<string>[] cuts = [.. texts.Select(jieba.Segment)];
        for (int i = 0; i < texts.Length; i++) Assert.Equal(texts[i], string.Concat(cuts[i]));
        Parallel.For(0, texts.Length, i => Assert.Equal(cuts[i], jieba.Segment(texts[i])));
        // jieba's own example of a word that its dictionary lacks.
        Assert.Equal(["他", "来到", "了", "网易", "杭研", "大厦"], jieba.Segment("他来到了网易杭研大厦"));
    }

    private JiebaSegmenter Load(params string[] lines) => JiebaSegmenter.Load(Write("dict.txt", lines), null);

    private string Write(string name, params string[] lines)
    {
        string path = Path.Combine(folder.Path, name);
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
        return path;
    }

    private void WriteModel(string emissions)
    {
        File.WriteAllText(Path.Combine(folder.Path, "prob_start.py"), "P={'B': -0.5,\n 'E': -3.14e+100,\n 'M': -3.14e+100,\n 'S': -1.5}\n");
        File.WriteAllText(Path.Combine(folder.Path, "prob_trans.py"), "P={'B': {'E': -0.5, 'M': -0.9},\n 'E': {'B': -0.6, 'S': -0.8},\n 'M': {'E': -0.3, 'M': -1.3},\n 'S': {'B': -0.7, 'S': -0.7}}\n");
        File.WriteAllText(Path.Combine(folder.Path, "prob_emit.py"), "from __future__ import unicode_literals\n\nP=" + emissions + "\n");
    }
}
