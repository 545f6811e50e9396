using System.Globalization;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.LongBench;

public sealed class LongBenchV2Tests : IDisposable
{
    private const string Choices = "A=$C_A$ B=$C_B$ C=$C_C$ D=$C_D$";
    private readonly TemporaryFolder folder = new();

    public LongBenchV2Tests()
    {
        Directory.CreateDirectory(folder["prompts"]);
        Prompt("0shot.txt", $"Text: $DOC$ End.\r\nQ: $Q$\r\n{Choices}");
        Prompt("0shot_cot.txt", $"Think. $DOC$ Q: $Q$ {Choices}");
        Prompt("0shot_cot_ans.txt", $"You read. Q: $Q$ {Choices} Thought: $COT$ Now?");
        Prompt("0shot_no_context.txt", $"From memory: $Q$ {Choices}");
        Prompt("0shot_rag.txt", $"Chunks: $DOC$ Q: $Q$ {Choices}");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void CreateItems_ZeroShot_FillsTheStrippedFields()
    {
        Write(Record(0) with { Context = "\n the $Q$ of braces \u001f", Question = " what?\n", ChoiceA = " one " });
        LongBenchV2Task task = Load();
        EvaluationItem item = Assert.Single(Items(task));
        Assert.Equal("longbench-v2", task.Name);
        Assert.Equal(1, task.Count);
        // A place in what was filled in is filled too, as the script's replacements one after the other do.
        Assert.Equal(("Text: ", "the what? of braces", " End.\nQ: what?\nA=one B=b0 C=c0 D=d0"), (item.Prompt.Before, item.Prompt.Context, item.Prompt.After));
        Assert.Equal((PromptStyle.Chat, "middle joined, at most 120000 tokens", null), (item.Prompt.Style, item.Prompt.Truncation.Name, item.Prompt.System));
        Assert.Equal("id0", item.Id);
        Assert.Equal(["A"], item.Answers);
        Assert.Equal([" one ", "b0", "c0", "d0"], item.Choices);
        Assert.Equal((128, 0.1), (item.Settings.MaximumNewTokens, item.Settings.Temperature));
        Assert.Equal("short", item.Group);
        Assert.Equal(new Dictionary<string, string> { ["difficulty"] = "easy", ["length"] = "short", ["domain"] = "dom", ["sub_domain"] = "sub" }, item.Properties);
    }

    [Fact]
    public async Task EvaluateAsync_ChainOfThought_AsksTwice()
    {
        Write(Record(0), Record(1));
        LongBenchV2Task task = Load(new LongBenchV2Options { Mode = LongBenchV2Mode.ChainOfThought });
        Assert.Equal("longbench-v2/cot", task.Name);
        List<(string Text, string Context, int Tokens, double Temperature)> asked = [];
        List<ItemResult> results = await RunAsync(task, (prompt, settings) =>
        {
            asked.Add((prompt.Text, prompt.Context, settings.MaximumNewTokens, settings.Temperature));
            return settings.MaximumNewTokens == 1024 ? "  perhaps $Q$? The correct answer is (D)\n" : "The correct answer is (A)";
        });
        Assert.Equal(
            [
                ("Think. text0 Q: q0 A=a0 B=b0 C=c0 D=d0", "text0", 1024, 0.1),
                ("You read. Q: q0 A=a0 B=b0 C=c0 D=d0 Thought: perhaps $Q$? The correct answer is (D) Now?", "", 128, 0.1),
                ("Think. text1 Q: q1 A=a1 B=b1 C=c1 D=d1", "text1", 1024, 0.1),
                ("You read. Q: q1 A=a1 B=b1 C=c1 D=d1 Thought: perhaps $Q$? The correct answer is (D) Now?", "", 128, 0.1),
            ],
            asked);
        Assert.Equal([1.0, 0], results.Select(result => result.Score!.Value));
    }

    [Fact]
    public async Task EvaluateAsync_ChainOfThoughtWithoutThoughts_DoesNotAskAgain()
    {
        Write(Record(0));
        int asked = 0;
        ItemResult result = Assert.Single(await RunAsync(Load(new LongBenchV2Options { Mode = LongBenchV2Mode.ChainOfThought }), (_, _) =>
        {
            asked++;
            return "";
        }));
        Assert.Equal((1, 0.0, 1.0), (asked, result.Score, result.Details["empty"]));
    }

    [Fact]
    public void CreateItems_NoContext_LeavesTheTextOut()
    {
        Write(Record(0));
        LongBenchV2Task task = Load(new LongBenchV2Options { Mode = LongBenchV2Mode.NoContext });
        EvaluationPrompt prompt = Items(task)[0].Prompt;
        Assert.Equal(("longbench-v2/no-context", "", "From memory: q0 A=a0 B=b0 C=c0 D=d0"), (task.Name, prompt.Context, prompt.Text));
    }

    [Fact]
    public void CreateItems_RetrievedContext_ShowsTheBestPassagesInTheTextsOrder()
    {
        JsonObject record = Record(0).Json();
        record["retrieved_context"] = new JsonArray([.. new[] { (7, "seven"), (2, "two"), (9, "nine"), (1, "one") }.Select(one => new JsonObject { ["c_idx"] = one.Item1, ["content"] = one.Item2 })]);
        File.WriteAllText(folder["data.jsonl"], record.ToJsonString());
        LongBenchV2Task task = Load(new LongBenchV2Options { Mode = LongBenchV2Mode.RetrievedContext, RetrievedPassages = 3 });
        Assert.Equal("longbench-v2/rag-3", task.Name);
        Assert.Equal("Retrieved chunk 1: two\n\nRetrieved chunk 2: seven\n\nRetrieved chunk 3: nine", Items(task)[0].Prompt.Context);
    }

    [Theory]
    [InlineData("The correct answer is (B)", "B", 0, 0)]
    [InlineData("**The correct answer is A**", "A", 1, 1)]
    [InlineData(" \n", null, 0, 0.25)]
    [InlineData("It is A.", null, 0, 0.25)]
    public void Score_Answer_ReadsTheLetter(string answer, string? letter, double score, double compensated)
    {
        ItemScore found = LongBenchV2Task.Score(new EvaluationItem { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["A"] }, answer);
        Assert.Equal((letter, score, compensated), (found.Judged, found.Value, found.Details["compensated"]));
        Assert.False(found.Details.ContainsKey("empty"));
    }

    [Fact]
    public async Task Summarize_Answers_GivesTheScriptsFigures()
    {
        // Right: 0, 3, 6. No letter: 1. Empty: 5. Easy are the even ones, short 0, 3 and 6, medium 1, 4 and 7, long 2 and 5.
        Write([.. Enumerable.Range(0, 8).Select(Record)]);
        LongBenchV2Task task = Load(new LongBenchV2Options { Compensated = true });
        List<ItemResult> results = await RunAsync(task, (prompt, _) => prompt.Context switch
        {
            "text1" => "no idea",
            "text5" => "",
            _ when "text0 text3 text6".Contains(prompt.Context, StringComparison.Ordinal) => "The correct answer is (A)",
            _ => "The correct answer is (C)",
        });
        Assert.Equal(
            [
                new("overall", 42.9), new("easy", 50), new("hard", 33.3), new("short", 100), new("medium", 0), new("long", 0),
                new("overall (compensated)", 46.4), new("easy (compensated)", 50), new("hard (compensated)", 41.7), new("short (compensated)", 100), new("medium (compensated)", 8.3), new("long (compensated)", 0),
                new TaskFigure("empty answers", 1),
            ],
            task.Summarize(results));
        Assert.Equal(7, Load().Summarize(results).Count);
        Assert.All(task.Summarize([]).SkipLast(1), figure => Assert.Null(figure.Value));
    }

    [Fact]
    public void Load_ArrayLinesOrFile_GivesTheSameItems()
    {
        Write(Record(0), Record(1));
        string[] expected = [.. Items(Load()).Select(item => item.Prompt.Text)];
        string[] lines = File.ReadAllLines(folder["data.jsonl"]);
        File.Delete(folder["data.jsonl"]);
        File.WriteAllText(folder["data.json"], $"[{string.Join(",\n", lines)}]");
        Assert.Equal(expected, Items(Load()).Select(item => item.Prompt.Text));
        File.Move(folder["data.json"], folder["other.json"]);
        Assert.Equal(expected, Items(LongBenchV2.Load(folder["other.json"], cancellationToken: Token)).Select(item => item.Prompt.Text));
        LongBenchV2Task first = LongBenchV2.Load(folder["other.json"], new LongBenchV2Options { MaximumItems = 1, PromptFolder = folder["prompts"] }, Token);
        Assert.Equal(("longbench-v2 (first 1)", 1), (first.Name, first.Count));
    }

    [Fact]
    public void Identity_AnyChange_IsAnother()
    {
        Write(Record(0), Record(1));
        HashSet<string> seen = [Load().Identity];
        Assert.False(seen.Add(Load().Identity));
        Assert.True(seen.Add(Load(new LongBenchV2Options { Mode = LongBenchV2Mode.NoContext }).Identity));
        Assert.True(seen.Add(Load(new LongBenchV2Options { MaximumPromptTokens = 200_000 }).Identity));
        Prompt("0shot.txt", $"$DOC$ $Q$ {Choices}");
        Assert.True(seen.Add(Load().Identity));
        Write(Record(0), Record(2));
        Assert.True(seen.Add(Load().Identity));
    }

    [Theory]
    [InlineData("difficulty", "\"medium\"", "the field \"difficulty\" is \"medium\", expected easy or hard.")]
    [InlineData("length", "\"huge\"", "the field \"length\" is \"huge\", expected short, medium or long.")]
    [InlineData("answer", "\"E\"", "the field \"answer\" is \"E\", expected A, B, C or D.")]
    [InlineData("answer", "1", "the field \"answer\" is a number, expected a string.")]
    [InlineData("choice_C", "null", "the field \"choice_C\" is null, expected a string.")]
    [InlineData("question", "\" \"", "the field \"question\" is empty, expected text.")]
    [InlineData("context", "[]", "the field \"context\" is an array, expected a string.")]
    [InlineData("_id", "\"id0\"", "the field \"_id\" is \"id0\", as that of a record before it.")]
    public void Load_BadRecord_NamesFileLineAndField(string field, string value, string fault)
    {
        JsonObject record = Record(1).Json();
        record[field] = JsonNode.Parse(value);
        File.WriteAllText(folder["data.jsonl"], Record(0).Json().ToJsonString() + "\n" + record.ToJsonString());
        Assert.Equal($"{folder["data.jsonl"]}, line 2: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Theory]
    [InlineData("answer")]
    [InlineData("choice_D")]
    [InlineData("context")]
    public void Load_FieldMissing_IsNamed(string field)
    {
        JsonObject record = Record(0).Json();
        record.Remove(field);
        File.WriteAllText(folder["data.json"], $"[{record.ToJsonString()}]");
        Assert.StartsWith($"{folder["data.json"]}, element 1: there is no field \"{field}\", expected a string; found ", Assert.Throws<DataFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no document $Q$ $C_A$ $C_B$ $C_C$ $C_D$", "the place $DOC$ occurs 0 times, expected once.")]
    [InlineData("$DOC$ $DOC$ $Q$ $C_A$ $C_B$ $C_C$ $C_D$", "the place $DOC$ occurs 2 times, expected once.")]
    [InlineData("$DOC$ $Q$ $C_A$ $C_B$ $C_C$", "the place $C_D$ is missing.")]
    public void Load_BadPrompt_NamesFileAndPlace(string text, string fault)
    {
        Write(Record(0));
        Prompt("0shot.txt", text);
        Assert.Equal($"{Path.Combine(folder["prompts"], "0shot.txt")}: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Fact]
    public void Load_PromptsForOtherModes_AreChecked()
    {
        Write(Record(0));
        string path = Path.Combine(folder["prompts"], "0shot_cot_ans.txt");
        Prompt("0shot_cot_ans.txt", $"$Q$ {Choices}");
        Assert.Equal($"{path}: the place $COT$ is missing.", Assert.Throws<DataFormatException>(() => Load(new LongBenchV2Options { Mode = LongBenchV2Mode.ChainOfThought })).Message);
        Prompt("0shot_cot_ans.txt", $"$DOC$ $Q$ {Choices} $COT$");
        Assert.Equal(
            $"{path}: the place $DOC$ occurs 1 times, expected none: this prompt is asked without the text.",
            Assert.Throws<DataFormatException>(() => Load(new LongBenchV2Options { Mode = LongBenchV2Mode.ChainOfThought })).Message);
        File.Delete(path);
        string message = Assert.Throws<FileNotFoundException>(() => Load(new LongBenchV2Options { Mode = LongBenchV2Mode.ChainOfThought })).Message;
        Assert.StartsWith($"There is no {path}. Expected the files of LongBench v2's folder \"prompts\"", message, StringComparison.Ordinal);
        Assert.Contains(
            "there is no field \"retrieved_context\", expected an array of passages", Assert.Throws<DataFormatException>(() => Load(new LongBenchV2Options { Mode = LongBenchV2Mode.RetrievedContext })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DataMissingOrTwice_SaysSo()
    {
        Assert.StartsWith($"There is no data.json (or .jsonl or .parquet, compressed or not) in {folder.Path};", Assert.Throws<FileNotFoundException>(() => Load()).Message, StringComparison.Ordinal);
        Assert.StartsWith($"There is no {folder["none"]};", Assert.Throws<FileNotFoundException>(() => LongBenchV2.Load(folder["none"])).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["data.json"], "[]");
        Assert.Equal($"{folder["data.json"]}: the file has no record, expected LongBench v2's questions.", Assert.Throws<DataFormatException>(() => Load()).Message);
        File.WriteAllText(folder["data.jsonl"], "");
        Assert.Equal($"LongBench v2's data may be {folder["data.json"]} or {folder["data.jsonl"]}; name the file that is meant.", Assert.Throws<IOException>(() => Load()).Message);
    }

    [Fact]
    public void Load_OptionsAtFault_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => Load(
            new LongBenchV2Options { Mode = (LongBenchV2Mode)9, PromptFolder = "", MaximumPromptTokens = 1, RetrievedPassages = 0, MaximumItems = 0 })).Message;
        foreach (string part in (string[])["Mode is 9", "PromptFolder is blank", "MaximumPromptTokens is 1", "RetrievedPassages is 0", "MaximumItems is 0"]) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    private static EvaluationItem[] Items(LongBenchV2Task task) => [.. task.CreateItems(PieceTokenizer.WordLevel)];

    private static Task<List<ItemResult>> RunAsync(LongBenchV2Task task, Func<EvaluationPrompt, AnswerSettings, string> answer)
    {
        EvaluationModel model = new() { Name = "model", Client = new ScriptedClient(_ => ""), Tokenizer = PieceTokenizer.WordLevel };
        return TaskRuns.RunAsync(task, new DirectSession(model, (_, prompt, settings) => answer(prompt, settings)), Token);
    }

    private static Fields Record(int i)
    {
        string n = i.ToString(CultureInfo.InvariantCulture);
        return new Fields($"id{n}", i % 2 == 0 ? "easy" : "hard", (i % 3) switch { 0 => "short", 1 => "medium", _ => "long" }, $"q{n}", $"a{n}", i == 1 ? "B" : "A", $"text{n}", n);
    }

    private LongBenchV2Task Load(LongBenchV2Options? options = null) => LongBenchV2.Load(folder.Path, options, Token);

    private void Prompt(string name, string text) => File.WriteAllText(Path.Combine(folder["prompts"], name), text);

    private void Write(params Fields[] records) => File.WriteAllText(folder["data.jsonl"], string.Concat(records.Select(record => record.Json().ToJsonString() + "\n")));

    private sealed record Fields(string Id, string Difficulty, string Length, string Question, string ChoiceA, string Answer, string Context, string Number)
    {
        public JsonObject Json() => new()
        {
            ["_id"] = Id,
            ["domain"] = "dom",
            ["sub_domain"] = "sub",
            ["difficulty"] = Difficulty,
            ["length"] = Length,
            ["question"] = Question,
            ["choice_A"] = ChoiceA,
            ["choice_B"] = "b" + Number,
            ["choice_C"] = "c" + Number,
            ["choice_D"] = "d" + Number,
            ["answer"] = Answer,
            ["context"] = Context,
        };
    }
}
