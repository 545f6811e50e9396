using System.Text;
using LongContext.Chat;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

public sealed class FilterTests
{
    private static string Words(int count, string word = "word") => string.Join(' ', Enumerable.Repeat(word, count));

    private static string? Rule(IExampleFilter filter, string text) => filter.Examine(new TextExample(text))?.Rule;

    [Theory]
    [InlineData("a b 去", 5, 5, 3, 3, null)] // five characters, three words
    [InlineData("a b 去", 6, null, null, null, "characters 5, expected at least 6")]
    [InlineData("a b 去", null, 4, null, null, "characters 5, expected at most 4")]
    [InlineData("a b 去", null, null, 4, null, "words 3, expected at least 4")]
    [InlineData("a b 去", null, null, null, 2, "words 3, expected at most 2")]
    public void LengthFilter_Bounds_AreKept(string text, int? leastCharacters, int? mostCharacters, int? leastWords, int? mostWords, string? expected) =>
        Assert.Equal(expected, new LengthFilter(new LengthFilterOptions
        {
            MinimumCharacters = leastCharacters, MaximumCharacters = mostCharacters, MinimumWords = leastWords, MaximumWords = mostWords,
        }).Examine(new TextExample(text))?.ToString());

    [Fact]
    public void LengthFilter_Tokens_AreCountedByTheDelegate()
    {
        LengthFilter filter = new(new LengthFilterOptions { MinimumTokens = 2, MaximumTokens = 3, CountTokens = example => ((ChatExample)example).Turns.Count });
        FilterFault? Examine(int turns) => filter.Examine(new ChatExample([.. Enumerable.Repeat(ChatTurn.User("x"), turns)]));
        Assert.Equal(new FilterFault("tokens", 1, "at least 2"), Examine(1));
        Assert.Null(Examine(2));
        Assert.Null(Examine(3));
        Assert.Equal(new FilterFault("tokens", 4, "at most 3"), Examine(4));
        LengthFilter most = new(new LengthFilterOptions { MaximumTokens = 3, CountTokens = example => (int)example.TextLength });
        Assert.Equal(new FilterFault("tokens", 4, "at most 3"), most.Examine(new TextExample("abcd")));
        Assert.Null(most.Examine(new TextExample("abc")));
        string message = Assert.Throws<ArgumentException>(() => new LengthFilter(new LengthFilterOptions { MinimumTokens = 1, MinimumWords = 3, MaximumWords = 2 })).Message;
        Assert.Contains("CountTokens is null", message, StringComparison.Ordinal);
        Assert.Contains("the least words (3) is above the most (2)", message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string?> QualityCases => new()
    {
        { Words(49), "words" },
        { Words(50), null },
        { Words(100_000), null },
        { Words(100_001), "words" },
        { Words(50, "abc"), null },
        { Words(49, "abc") + " ab", "mean word length" }, // 149/50
        { Words(50, "abcdefghij"), null },
        { Words(49, "abcdefghij") + " abcdefghijk", "mean word length" }, // 501/50
        { Words(50, "😀bc"), null }, // three code points, four units
        { string.Concat(Enumerable.Repeat("我", 60)), null }, // letters of a script without spaces have no mean length
        { Words(45) + " " + Words(5, "#word"), null }, // 5/50
        { Words(44) + " " + Words(6, "#word"), "hashes per word" },
        { Words(5, "word...") + " " + Words(45), null },
        { Words(3, "word...") + " " + Words(3, "word…") + " " + Words(44), "ellipses per word" },
        { string.Join('\n', Enumerable.Repeat("• " + Words(5), 9).Append(Words(5))), null }, // 9 of 10 lines
        { string.Join("\n\n", Enumerable.Repeat("  - " + Words(5), 10)), "bullet lines" },
        { string.Join('\n', Enumerable.Repeat(Words(5) + "…", 3).Concat(Enumerable.Repeat(Words(5), 7))), null }, // 3 of 10
        { string.Join('\n', Enumerable.Repeat(Words(5) + " ... ", 4).Concat(Enumerable.Repeat(Words(6), 6))), "ellipsis lines" },
        { Words(40) + " " + Words(10, "1234"), null }, // 40/50
        { Words(39) + " " + Words(11, "1234"), "alphabetic words" },
        { Words(40) + " " + Words(10, "12a4"), null },
    };

    [Theory]
    [MemberData(nameof(QualityCases))]
    public void GopherQualityFilter_DefaultThresholds_AtAndBeyond(string text, string? expected) => Assert.Equal(expected, Rule(new GopherQualityFilter(), text));

    /// <summary>Prose of scripts without spaces, with its punctuation, numbers and Latin names, and with vowels and tones that are marks.</summary>
    [Theory]
    [InlineData("人工智能是计算机科学的一个分支，它企图了解智能的实质。该领域的研究包括机器人、语言识别、图像识别（如人脸）和“专家系统”等。……人工智能从诞生以来，理论和技术日益成熟！")]
    [InlineData("公司成立于2020年5月3日，在中国有3个工厂、12个办事处，共8千名员工。其中Python工程师占1成，平均年龄是30岁。去年的销售额增长了7％，今年计划再增长9％。")]
    [InlineData("日本語の文章です。これは、「句読点」も含まれている文章であり、葛\uDB40\uDD00城市のことも書かれています。そして、もう少し長くするために、もう一文を追加します。")]
    [InlineData("ประเทศไทยเป็นประเทศที่ตั้งอยู่ในเอเชียตะวันออกเฉียงใต้ มีพรมแดนติดกับลาวและกัมพูชา มีเมืองหลวงชื่อกรุงเทพมหานคร")]
    [InlineData("မြန်မာနိုင်ငံသည် အရှေ့တောင်အာရှတွင် ရှိသော နိုင်ငံဖြစ်သည်။ မြို့တော်မှာ နေပြည်တော် ဖြစ်ပြီး လူဦးရေ အများဆုံးမြို့မှာ ရန်ကုန်မြို့ ဖြစ်သည်။")]
    public void GopherQualityFilter_ProseWithoutSpaces_Passes(string text) => Assert.Null(new GopherQualityFilter().Examine(new TextExample(text))?.ToString());

    [Fact]
    public void GopherQualityFilter_LettersWithoutSpaces_AreAskedForMeanLengthOnlyWhereFewAndForLettersAlways()
    {
        Assert.Null(Rule(new GopherQualityFilter(), string.Concat(Enumerable.Repeat("我", 31)) + string.Concat(Enumerable.Repeat(" ab", 30))));
        Assert.Equal("mean word length", Rule(new GopherQualityFilter(), string.Concat(Enumerable.Repeat("我", 30)) + string.Concat(Enumerable.Repeat(" ab", 30)))); // half
        Assert.Equal("alphabetic words", Rule(new GopherQualityFilter(), string.Concat(Enumerable.Repeat("๒", 60)))); // Thai digits
    }

    [Theory]
    [InlineData('•')]
    [InlineData('‣')]
    [InlineData('◦')]
    [InlineData('▪')]
    [InlineData('*')]
    [InlineData('-')]
    [InlineData('–')]
    public void GopherQualityFilter_AnyBullet_IsOne(char bullet) => Assert.Equal("bullet lines", Rule(new GopherQualityFilter(), string.Join('\n', Enumerable.Repeat($"{bullet}{Words(5)}", 10))));

    [Fact]
    public void GopherQualityFilter_RulesOff_KeepAll()
    {
        GopherQualityOptions off = new()
        {
            MinimumWords = null, MaximumWords = null, MinimumMeanWordLength = null, MaximumMeanWordLength = null, MaximumSymbolsPerWord = null,
            MaximumBulletLines = null, MaximumEllipsisLines = null, MinimumAlphabeticWords = null,
        };
        foreach (string text in (string[])["", "#", "...", "• x", "1 2 3", Words(3, "abcdefghijklmnop")]) Assert.Null(Rule(new GopherQualityFilter(off), text));
        Assert.Equal("words", Rule(new GopherQualityFilter(), ""));
        Assert.Equal("Gopher quality (words from off, to off, word length from off, to off, symbols off, bullets off, ellipses off, alphabetic off)", new GopherQualityFilter(off).Identity);
    }

    private static GopherRepetitionOptions Only(double? lines = null, double? paragraphs = null, double? lineCharacters = null, double? paragraphCharacters = null, (int N, double Share)? top = null, (int N, double Share)? duplicate = null) => new()
    {
        DuplicateLines = lines,
        DuplicateParagraphs = paragraphs,
        DuplicateLineCharacters = lineCharacters,
        DuplicateParagraphCharacters = paragraphCharacters,
        TopNGrams = top is { } t ? new Dictionary<int, double> { [t.N] = t.Share } : [],
        DuplicateNGrams = duplicate is { } d ? new Dictionary<int, double> { [d.N] = d.Share } : [],
    };

    [Fact]
    public void GopherRepetitionFilter_Lines_AtAndBeyond()
    {
        GopherRepetitionOptions published = new();
        // Ten lines, of which three stood before (0.30), and four.
        string three = string.Join('\n', "a", "b", "c", "d", "e", "f", "g", "a", " a ", "b"), four = string.Join("\n\n", "a", "b", "c", "d", "e", "f", "a", "a", "a", "b");
        Assert.Null(Rule(new GopherRepetitionFilter(Only(lines: published.DuplicateLines)), three));
        Assert.Equal("duplicate lines", Rule(new GopherRepetitionFilter(Only(lines: published.DuplicateLines)), four));
        // The same as paragraphs; lines of one paragraph are one piece.
        Assert.Null(Rule(new GopherRepetitionFilter(Only(paragraphs: published.DuplicateParagraphs)), three.Replace("\n", "\n\n", StringComparison.Ordinal)));
        Assert.Null(Rule(new GopherRepetitionFilter(Only(paragraphs: published.DuplicateParagraphs)), four.Replace("\n\n", "\n", StringComparison.Ordinal)));
        Assert.Equal("duplicate paragraphs", Rule(new GopherRepetitionFilter(Only(paragraphs: published.DuplicateParagraphs)), four));
        // Ten characters, of which two stood before (0.20); of nine it is 0.22.
        Assert.Null(Rule(new GopherRepetitionFilter(Only(lineCharacters: published.DuplicateLineCharacters)), "xx\nabcdef\nxx"));
        Assert.Equal("characters in duplicate lines", Rule(new GopherRepetitionFilter(Only(lineCharacters: published.DuplicateLineCharacters)), "xx\nabcde\nxx"));
        Assert.Null(Rule(new GopherRepetitionFilter(Only(paragraphCharacters: published.DuplicateParagraphCharacters)), "xx\n\nabcdef\n \nxx"));
        Assert.Equal("characters in duplicate paragraphs", Rule(new GopherRepetitionFilter(Only(paragraphCharacters: published.DuplicateParagraphCharacters)), "xx\n\nabcde\r\n\r\nxx"));
    }

    /// <summary>An n-gram so many times among words that occur once, all of one character: it covers times · n of the total, and its repetitions (times − 1) · n.</summary>
    private static string Repeated(int n, int times, int total)
    {
        IEnumerable<string> gram = Enumerable.Range(0, n).Select(i => $"{(char)('a' + i)}");
        List<string> words = [];
        for (int i = 0; words.Count < total; i++)
        {
            if (i < times) words.AddRange(gram);
            words.Add($"{(char)(0x100 + i)}");
        }

        Assert.Equal(total, words.Count);
        return string.Join(' ', words);
    }

    [Theory]
    [InlineData(2, 2, 20)] // 4/20 = 0.20, then 4/19
    [InlineData(3, 3, 50)] // 9/50 = 0.18
    [InlineData(4, 2, 50)] // 8/50 = 0.16
    public void GopherRepetitionFilter_TopNGram_AtAndBeyond(int n, int times, int total)
    {
        GopherRepetitionFilter filter = new(Only(top: (n, new GopherRepetitionOptions().TopNGrams[n])));
        Assert.Null(Rule(filter, Repeated(n, times, total)));
        Assert.Equal($"characters in the top {n}-gram", Rule(filter, Repeated(n, times, total - 1)));
    }

    [Theory]
    [InlineData(5, 4, 100)] // 3 · 5/100 = 0.15
    [InlineData(6, 8, 300)] // 7 · 6/300 = 0.14
    [InlineData(7, 14, 700)] // 13 · 7/700 = 0.13
    [InlineData(8, 4, 200)] // 3 · 8/200 = 0.12
    [InlineData(9, 12, 900)] // 11 · 9/900 = 0.11
    [InlineData(10, 2, 100)] // 10/100 = 0.10
    public void GopherRepetitionFilter_DuplicateNGrams_AtAndBeyond(int n, int times, int total)
    {
        GopherRepetitionFilter filter = new(Only(duplicate: (n, new GopherRepetitionOptions().DuplicateNGrams[n])));
        Assert.Null(Rule(filter, Repeated(n, times, total)));
        Assert.Equal($"characters in duplicate {n}-grams", Rule(filter, Repeated(n, times, total - 1)));
    }

    [Fact]
    public void NGramRepetition_OverlappingNGrams_CountTheirCharactersOnce()
    {
        NGramRepetition Of(string text) => new(new RawWords(text));
        Assert.Equal(1, Of("a a a a").Top(2)); // three times, all of it
        Assert.Equal(0.75, Of("a a a a").Duplicate(2)); // the second and third cover the last three
        Assert.Equal(0, Of("a b c").Top(2));
        Assert.Equal(0, Of("a").Top(2));
        Assert.Equal(0, Of("").Duplicate(5));
        // ab and cccc dd come twice each: the longer counts, 12 of 18 characters.
        Assert.Equal(12.0 / 18, Of("a b cccc dd a b xx cccc dd").Top(2));
        Assert.Equal(0.5, Of("一二一二").Duplicate(2)); // letters are words: 一二, 二一, 一二
    }

    [Fact]
    public void RawWords_OddTexts_AreThoseOfTheDefinition()
    {
        foreach (string text in OddTexts.Make(5000))
        {
            RawWords words = new(text);
            Assert.Equal(ByDefinition(text), Enumerable.Range(0, words.Count).Select(i => (words[i].ToString(), words.IsAlone(i))));
        }

        // Pieces between white space are cut at letters that stand alone; a piece of punctuation that touches one is no word.
        static IEnumerable<(string Word, bool IsAlone)> ByDefinition(string text)
        {
            List<(string Text, CharacterClass Class)> units = [];
            for (int i = 0; i < text.Length; i += units[^1].Text.Length)
                units.Add(char.IsSurrogate(text[i]) ? Rune.TryGetRuneAt(text, i, out Rune rune) ? (rune.ToString(), CharacterClasses.Of(rune)) : (text[i..(i + 1)], CharacterClass.Removed) : (text[i..(i + 1)], CharacterClasses.Of(text[i])));
            for (int i = 0, end; i < units.Count; i = end)
            {
                end = i + 1;
                if (units[i].Class == CharacterClass.Separator) continue;
                if (units[i].Class == CharacterClass.Alone)
                {
                    yield return (units[i].Text, true);
                    continue;
                }

                while (end < units.Count && units[end].Class is CharacterClass.Word or CharacterClass.Removed) end++;
                bool touches = (i > 0 && units[i - 1].Class == CharacterClass.Alone) || (end < units.Count && units[end].Class == CharacterClass.Alone);
                if (!touches || units[i..end].Any(unit => unit.Class == CharacterClass.Word)) yield return (string.Concat(units[i..end].Select(unit => unit.Text)), false);
            }
        }
    }

    [Fact]
    public void NGramRepetition_RandomWords_IsThatOfTheDefinition()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            int distinct = random.Next(1, 8);
            string[] words = [.. Enumerable.Range(0, random.Next(40)).Select(_ => new string('x', 1 + random.Next(distinct)))];
            NGramRepetition found = new(new RawWords(string.Join(' ', words)));
            for (int n = 1; n <= 5; n++)
            {
                double all = words.Sum(word => word.Length);
                int size = n;
                var grams = Enumerable.Range(0, Math.Max(0, words.Length - n + 1)).GroupBy(i => string.Join(' ', words[i..(i + size)])).ToArray();
                double Share(IEnumerable<int> starts) => starts.SelectMany(i => Enumerable.Range(i, size)).Distinct().Sum(i => words[i].Length) / all;
                int most = grams.Select(gram => gram.Count()).DefaultIfEmpty().Max();
                Assert.Equal(most < 2 ? 0 : grams.Where(gram => gram.Count() == most).Max(Share), found.Top(n), 1e-12);
                Assert.Equal(grams.Length == 0 ? 0 : Share(grams.SelectMany(gram => gram.Skip(1))), found.Duplicate(n), 1e-12);
            }
        }
    }

    [Fact]
    public void CharacterFilter_Bounds_AtAndBeyond()
    {
        CharacterFilterOptions off = new() { ReplacementCharacters = null, ControlCharacters = null, MinimumCompressedShare = null, MaximumCompressedShare = null, RepeatedLine = null };
        CharacterFilter replacement = new(off with { ReplacementCharacters = 0.001 }), control = new(off with { ControlCharacters = 0.001 }), line = new(off with { RepeatedLine = 3 });
        string text = new('x', 998);
        Assert.Null(Rule(replacement, text + "x\uFFFD"));
        Assert.Equal("replacement characters", Rule(replacement, text + "\uFFFD\uFFFD"));
        Assert.Equal("replacement characters", Rule(replacement, text + "\uDC00\uD800"));
        Assert.Null(Rule(replacement, text + "\uD83D\uDE00"));
        Assert.Null(Rule(control, text + "x\0"));
        Assert.Equal("control characters", Rule(control, text + "\0\u0085"));
        Assert.Equal("control characters", Rule(control, text + "\v\u007F"));
        Assert.Null(Rule(control, "\t\r\n\f"));
        Assert.Null(Rule(line, "a\n\na\na\nb\na"));
        Assert.Equal(new FilterFault("repeated line", 4, "at most 3"), line.Examine(new TextExample("b\na\na\n a\na")));
        Assert.Null(Rule(new CharacterFilter(off), "\uFFFD\0"));
    }

    [Fact]
    public void CharacterFilter_Compression_TellsRepetitionAndNoise()
    {
        CharacterFilter filter = new(new CharacterFilterOptions { RepeatedLine = null });
        Assert.Equal("compressed share", Rule(filter, string.Concat(Enumerable.Repeat("the same again\n", 200))));
        byte[] noise = [.. Enumerable.Range(0, 3000).Select(i => (byte)new SplitMix64(1, i).Next())];
        FilterFault? fault = filter.Examine(new TextExample(Convert.ToBase64String(noise)));
        Assert.Equal("at most 0.72", fault?.Expected);
        Assert.InRange(fault!.Value, 0.75, 0.78);
        Assert.Null(Rule(filter, Convert.ToBase64String(noise)[..999])); // too short to say
        Assert.Equal("compressed share", Rule(filter, Convert.ToBase64String(noise)[..1000]));
        // Numbers as words are between the two.
        Assert.Null(Rule(filter, string.Join(' ', noise.Select(b => $"number {b}"))));
    }

    [Fact]
    public void QualityFilter_FirstFault_Counts()
    {
        QualityFilter filter = new(new LengthFilter(new LengthFilterOptions { MinimumCharacters = 3 }), new LengthFilter(new LengthFilterOptions { MinimumWords = 2 }));
        Assert.Equal("characters", Rule(filter, "a"));
        Assert.Equal("words", Rule(filter, "abc"));
        Assert.Null(Rule(filter, "a b"));
        Assert.Throws<ArgumentException>("filters", () => new QualityFilter());
        // Of Gopher's: control characters come first, and prose without repetition passes.
        Assert.Equal("control characters", Rule(QualityFilter.Gopher(), "\0"));
        Assert.Null(Rule(QualityFilter.Gopher(), string.Join(' ', Enumerable.Range(0, 80).Select(i => $"word{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}"))));
    }

    [Fact]
    public void Where_Filter_LeavesOutCountsAndResumes()
    {
        TrainingExample[] examples = [.. ((string[])["a", "a b c", "b", "a b c d e f", "c c c"]).Select((text, i) => new TextExample(text) { Origin = new RecordOrigin("f", i) })];
        LengthFilter filter = new(new LengthFilterOptions { MinimumWords = 2, MaximumCharacters = 9 });
        CleaningReport report = new(firstExamples: 1);
        IDataSource<TrainingExample> Make(CleaningReport? report = null) => DataSource.FromList(examples, seed: null).Where(filter, report);
        string[] Take(IDataSource<TrainingExample> source) => [.. source.AsEnumerable(TestContext.Current.CancellationToken).Select(example => ((TextExample)example).Text)];
        Assert.Equal(["a b c", "c c c"], Take(Make(report)));
        Assert.Equal((5, 2, 23, 10), (report.Examples, report.Kept, report.Characters, report.KeptCharacters));
        Assert.Equal([("words", 2L, 2L), ("characters", 1L, 11L)], report.Rules.Select(rule => (rule.Rule, rule.Examples, rule.Characters)));
        Assert.Equal(new FilteredExample(new RecordOrigin("f", 0), new FilterFault("words", 1, "at least 2"), "a"), Assert.Single(report.Rules[0].First));
        Assert.Contains("f, line 0: words 1, expected at least 2: a", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("2 of 5 examples kept", report.ToText(), StringComparison.Ordinal);

        for (int stop = 0; stop <= 2; stop++)
        {
            IDataSource<TrainingExample> first = Make(), second = Make();
            for (int i = 0; i < stop; i++) first.Next(TestContext.Current.CancellationToken);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(((string[])["a b c", "c c c"])[stop..], Take(second));
        }

        string message = Assert.Throws<ArgumentException>(() => DataSource.FromList(examples, seed: null).Where(new LengthFilter(new LengthFilterOptions { MinimumWords = 3 })).Restore(Make().Capture())).Message;
        Assert.Contains("words from 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public void CleaningReport_LongTexts_AreCutBetweenCharacters()
    {
        CleaningReport report = new();
        report.Add(new TextExample(new string('x', 199) + "😀 more"), new FilterFault("rule", 1, "less"));
        Assert.Equal(new string('x', 199), report.Rules[0].First[0].Beginning);
    }

    [Fact]
    public void Options_OutOfRange_AreAllNamed()
    {
        AssertNamed(() => new GopherQualityFilter(new GopherQualityOptions { MaximumBulletLines = 2, MinimumWords = -1, MinimumAlphabeticWords = double.NaN, MinimumMeanWordLength = 11 }),
            "MaximumBulletLines is 2", "the least words is -1", "MinimumAlphabeticWords is NaN", "the least mean word length (11) is above the most (10)");
        AssertNamed(() => new GopherRepetitionFilter(Only(lines: -1, top: (0, 0.5), duplicate: (5, 7))), "DuplicateLines is -1", "n-grams of 0 words", "DuplicateNGrams[5] is 7");
        AssertNamed(() => new CharacterFilter(new CharacterFilterOptions { ControlCharacters = 1.5, MinimumCompressedShare = 0.8, RepeatedLine = -3 }),
            "ControlCharacters is 1.5", "the least compressed share (0.8) is above the most (0.72)", "the most repeated lines is -3");

        static void AssertNamed(Func<IExampleFilter> make, params string[] parts)
        {
            string message = Assert.Throws<ArgumentException>(() => make()).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }
}
