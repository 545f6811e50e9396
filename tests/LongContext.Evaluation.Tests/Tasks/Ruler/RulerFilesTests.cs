using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Ruler;

public sealed class RulerFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ruler").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Create_Squad_PutsTheParagraphAmongOthersOfTheArticleWhateverTheyHold()
    {
        // Three articles of 40 paragraphs; paragraph p of article a answers what its number is, and another one of the same article names the number too.
        object Paragraph(int a, int p) => new
        {
            context = $"Article {a} paragraph {p} says number{a}x{p} here. " + string.Join(' ', Enumerable.Repeat("plain words follow", 20)) + (p == 7 ? $" It also says NUMBER{a}X3." : ""),
            qas = new object[]
            {
                new { question = $"Number of {a} and {p}?", id = $"{a}-{p}", answers = new[] { new { text = $"number{a}x{p}", answer_start = 5 }, new { text = $"number{a}x{p}", answer_start = 5 } }, is_impossible = false },
                new { question = "Impossible?", id = $"i{a}-{p}", answers = Array.Empty<object>(), is_impossible = true },
            },
        };
        string file = Write("squad.json", new
        {
            version = "v2.0",
            data = Enumerable.Range(0, 3).Select(a => new { title = $"T{a}", paragraphs = Enumerable.Range(0, 40).Select(p => Paragraph(a, p)) }),
        });
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { SquadFile = file, ItemsPerLength = 500 }, "qa_1"));
        Assert.Equal("ruler/qa_1", task.Name);
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.WordLevel, 4_096)];
        Assert.Equal(120, items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            EvaluationItem item = items[i];
            (int a, int p) = (i / 40, i % 40);
            Assert.Equal([$"number{a}x{p}"], item.Answers);
            Assert.EndsWith($"Question: Number of {a} and {p}?", item.Prompt.After, StringComparison.Ordinal);
            string[] documents = Regex.Split(item.Prompt.Context, "\n\n(?=Document \\d+:\n)");
            Assert.Single(documents, document => document.Contains($"Article {a} paragraph {p} says", StringComparison.Ordinal));
            // qa.py takes distractors as they come: the paragraph that names the same number is one.
            Assert.Equal(p == 3 ? 2 : 1, documents.Count(document => Regex.IsMatch(document, $"\\bnumber{a}x{p}\\b", RegexOptions.IgnoreCase)));
            Assert.Equal(documents.Length, documents.Select(document => document[(document.IndexOf('\n', StringComparison.Ordinal) + 1)..]).Distinct().Count());
            // All paragraphs of the same article come before any other.
            int near = documents.Count(document => document.Contains($"Article {a} ", StringComparison.Ordinal));
            Assert.True(near >= Math.Min(documents.Length - 1, 40), $"{near} of {documents.Length} documents are of the same article");
        }
    }

    [Fact]
    public void Create_Hotpot_KeepsAllParagraphsOfTheQuestion()
    {
        string file = Write("hotpot.json", Enumerable.Range(0, 30).Select(i => new
        {
            _id = $"{i}",
            question = $"Question {i}?",
            answer = i % 2 == 0 ? "yes" : $"Answer{i}",
            supporting_facts = Array.Empty<object>(),
            context = Enumerable.Range(0, 4).Select(d => new object[] { $"Title {i} {d}", new[] { $"First sentence {(d == 0 ? $"with Answer{i}" : "")}.", " yes and no are words. " } }),
        }));
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { HotpotFile = file, ItemsPerLength = 5 }, "qa_2"));
        foreach (EvaluationItem item in task.CreateItems(PieceTokenizer.WordLevel, 1_024))
        {
            string i = Regex.Match(item.Prompt.After, "Question (\\d+)\\?").Groups[1].Value;
            for (int d = 0; d < 4; d++) Assert.Single(Regex.Matches(item.Prompt.Context, $"Document \\d+:\nTitle {i} {d}\nFirst sentence"));
            if (item.Answer != "yes") Assert.Single(Regex.Matches(item.Prompt.Context, $"{item.Answer}\\b"));
            Assert.Null(item.Depth);
        }

        // The questions that a length has no room for give way to others; a length that has room for none says so.
        Assert.Contains("expected a length that holds", Assert.ThrowsAny<ArgumentException>(() => task.Create(PieceTokenizer.WordLevel, 170, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_FewDocuments_ComeAgain()
    {
        string file = Write("squad.json", new
        {
            data = new[] { new { paragraphs = Enumerable.Range(0, 3).Select(p => new { context = $"Paragraph {p} of few.", qas = new[] { new { question = "Which?", answers = new[] { new { text = $"paragraph {p}" } } } } }) } },
        });
        EvaluationItem item = Assert.Single(Ruler.Create(new RulerOptions { SquadFile = file }, "qa_1")).Create(PieceTokenizer.WordLevel, 1_024, 0);
        Assert.Single(Regex.Matches(item.Prompt.Context, "Paragraph 0 of few"));
        Assert.InRange(Regex.Count(item.Prompt.Context, "Paragraph 1 of few"), 20, 200);
        Assert.InRange(item.PromptTokenCount!.Value + 32 + 64, 1_014, 1_024);
    }

    [Fact]
    public void Create_Essays_AreReadFromTheirBeginning()
    {
        File.WriteAllText(Path.Combine(folder, "b.txt"), "Second essay begins.  It\n\ngoes on. " + string.Concat(Enumerable.Repeat("More of it. ", 400)));
        File.WriteAllText(Path.Combine(folder, "a.json"), JsonSerializer.Serialize(new { text = "First essay begins. It\tends here. " }));
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { Essays = [folder], ItemsPerLength = 20 }, "niah_single_2"));
        EvaluationItem item = task.CreateItems(PieceTokenizer.WordLevel, 1_024).First(item => item.Depth > 0.1);
        Assert.StartsWith("First essay begins. It ends here. Second essay begins. It goes on. More of it.", item.Prompt.Context, StringComparison.Ordinal);
        Assert.Equal("essays", item.Properties["haystack"]);
        Assert.NotEqual(task.Identity, Ruler.Create(new RulerOptions { ItemsPerLength = 20 }, "niah_single_2")[0].Identity);
    }

    [Fact]
    public void Create_OwnWords_AreCounted()
    {
        // Many of them are within others (w1, w12), which no two of the ten may be.
        RulerOptions options = new() { CommonWords = [.. Enumerable.Range(0, 300).Select(i => $"w{i}")], ItemsPerLength = 6 };
        foreach (EvaluationItem item in Assert.Single(Ruler.Create(options, "cwe")).CreateItems(PieceTokenizer.WordLevel, 8_192))
        {
            RulerChecks.Check("cwe", item);
            Assert.Contains("-", item.Prompt.Context, StringComparison.Ordinal);
            Assert.All(item.Answers, answer => Assert.Contains(answer, options.CommonWords));
        }
    }

    [Theory]
    [InlineData("{\"data\": 5}", "\"data\" is a number")]
    [InlineData("{\"version\": \"1\"}", "no field \"data\"")]
    [InlineData("{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"question\": \"q\", \"answers\": []}]}]}]}", "paragraphs[0].qas[0].answers\" is empty")]
    [InlineData("{\"data\": [{\"paragraphs\": [{\"qas\": []}]}]}", "data[0].paragraphs[0].context")]
    [InlineData("{\"data\": []}", "no question")]
    [InlineData("{\"data\": [", "cut short")]
    public void Create_BrokenSquad_NamesFileAndField(string json, string expected)
    {
        string file = Path.Combine(folder, "broken.json");
        File.WriteAllText(file, json);
        string message = Assert.Throws<DataFormatException>(() => Ruler.Create(new RulerOptions { SquadFile = file }, "qa_1")).Message;
        Assert.Contains("broken.json", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{\"question\": \"q\", \"answer\": \"a\"}]", "\"context\" is null")]
    [InlineData("[{\"question\": \"q\", \"answer\": \"a\", \"context\": [[\"t\"]]}]", "\"context[0]\" is an array")]
    [InlineData("[{\"question\": \"q\", \"answer\": \"a\", \"context\": [[\"t\", [1]]]}]", "\"context[0]\" holds a number")]
    [InlineData("[{\"question\": \"q\"}]", "\"answer\"")]
    public void Create_BrokenHotpot_NamesFileAndField(string json, string expected)
    {
        string file = Path.Combine(folder, "broken.json");
        File.WriteAllText(file, json);
        string message = Assert.Throws<DataFormatException>(() => Ruler.Create(new RulerOptions { HotpotFile = file }, "qa_2")).Message;
        Assert.Contains("broken.json", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_MissingFiles_AreOnlyLookedForWhereNeeded()
    {
        RulerOptions options = new() { SquadFile = Path.Combine(folder, "none.json"), Essays = [Path.Combine(folder, "none.txt")] };
        Assert.Throws<FileNotFoundException>(() => Ruler.Create(options, "qa_1"));
        Assert.Throws<FileNotFoundException>(() => Ruler.Create(options, "niah_multivalue"));
        Assert.Equal(2, Ruler.Create(options, "niah_single_1", "vt").Count);
    }

    [Fact]
    public void Load_ItemsOfTheScripts_AreAskedAndScoredAsTheyAre()
    {
        string niah = Path.Combine(folder, "niah.jsonl"), qa = Path.Combine(folder, "qa.jsonl"), broken = Path.Combine(folder, "broken.jsonl");
        File.WriteAllText(niah, JsonSerializer.Serialize(new
        {
            index = 3, input = "Some special magic numbers are hidden.\nWhat is this? Text.\nWhat are all the numbers for a?", outputs = new[] { "123", "456" }, length = 4_000, answer_prefix = " The numbers are",
        }) + "\n");
        RulerPreparedTask task = Ruler.Load("niah_multivalue", new Dictionary<int, string> { [8_192] = niah, [4_096] = niah });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.WordLevel)];
        Assert.Equal([("4096-0", 4_096), ("8192-0", 8_192)], items.Select(item => (item.Id, item.Length!.Value)));
        Assert.Equal(("Some special magic numbers are hidden.\nWhat is this? Text.", "\nWhat are all the numbers for a?", " The numbers are", 128),
            (items[0].Prompt.Context, items[0].Prompt.After, items[0].Prompt.AnswerPrefix, items[0].Settings.MaximumNewTokens));
        Assert.Equal(0.5, task.Score(items[0], "456").Value);
        File.WriteAllText(qa, "{\"input\": \"Documents.\\n\\nAnswer the question based on the given documents. Now.\\n\\nQuestion: q?\", \"outputs\": [\"x\", \"y\"]}");
        RulerPreparedTask any = Ruler.Load("qa_1", new Dictionary<int, string> { [4_096] = qa }, PromptStyle.Completion);
        EvaluationItem answer = Assert.Single(any.CreateItems(PieceTokenizer.WordLevel));
        Assert.Equal((1.0, 32, "Documents.", PromptStyle.Completion), (any.Score(answer, "Y").Value, answer.Settings.MaximumNewTokens, answer.Prompt.Context, answer.Prompt.Style));
        Assert.Equal(("ruler/niah_multivalue", "ruler/qa_1"), (task.Name, any.Name));
        string before = any.Identity;
        File.AppendAllText(qa, "\n");
        Assert.NotEqual(before, Ruler.Load("qa_1", new Dictionary<int, string> { [4_096] = qa }, PromptStyle.Completion).Identity);

        File.WriteAllText(broken, "{\"input\": \"a\"}\n");
        Assert.Contains("outputs", Assert.Throws<DataFormatException>(() => Ruler.Load("vt", new Dictionary<int, string> { [1] = broken }).CreateItems(PieceTokenizer.WordLevel).First()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Ruler.Load("none", new Dictionary<int, string> { [1] = niah }));
        Assert.Throws<ArgumentException>(() => Ruler.Load("vt", new Dictionary<int, string>()));
    }

    [Fact]
    public void Create_NamesAsReportsHaveThem_AreTaken()
    {
        Assert.Equal(["ruler/qa_1-generated", "ruler/qa_2-generated", "ruler/vt"], Ruler.Create("ruler/qa_1-generated", "qa_2-generated", "ruler/vt").Select(task => task.Name));
        // Prepared files, and those of questions, are not made up.
        Assert.Throws<ArgumentException>(() => Ruler.Load("qa_1-generated", new Dictionary<int, string> { [1] = "x" }));
        Assert.Throws<ArgumentException>(() => Ruler.Create(new RulerOptions { SquadFile = "squad.json" }, "qa_1-generated"));
        Assert.Throws<ArgumentException>(() => Ruler.Create("vt-generated"));
    }

    private string Write(string name, object value)
    {
        string file = Path.Combine(folder, name);
        File.WriteAllText(file, JsonSerializer.Serialize(value));
        return file;
    }
}
