using System.Text.Json.Nodes;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.LongBench;

public sealed class LongBenchFaultTests : IDisposable
{
    private readonly LongBenchFolder folder = new();

    public static TheoryData<string, string> Records => new()
    {
        { """{"context":"c","answers":["a"],"length":1}""", "there is no field \"input\", expected a string; found \"context\" (a string), \"answers\" (an array), \"length\" (a number)." },
        { """{"input":"i","context":7,"answers":["a"],"length":1}""", "the field \"context\" is a number, expected a string." },
        { """{"input":"i","context":"c","answers":"a","length":1}""", "the field \"answers\" is a string, expected an array of strings." },
        { """{"input":"i","context":"c","answers":["a",null],"length":1}""", "the field \"answers\", element 2, is null, expected a string." },
        { """{"input":"i","context":"c","answers":["a"],"length":"1"}""", "the field \"length\" is a string, expected a whole number." },
        { """{"input":"i","context":"c","answers":["a"],"length":1.5}""", "the field \"length\" is 1.5, expected a whole number from 0 to 2147483647." },
        { """{"input":"i","context":"c","answers":["a"],"length":-1}""", "the field \"length\" is -1, expected a whole number from 0 to 2147483647." },
        { """{"input":"i","context":"c","answers":["a"],"length":1,"_id":[]}""", "the field \"_id\" is an array, expected a string or a number." },
        { """{"input":"i","context":"c","answers":["a"],"length":1,"all_classes":[1]}""", "the field \"all_classes\", element 1, is a number, expected a string." },
        { "[1]", "expected a JSON object, found an array." },
        { "{\"input\":", "not valid JSON: " },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Records))]
    public void Load_BadRecord_NamesFileLineAndField(string line, string fault)
    {
        string path = folder.WriteText("qasper", LongBenchFolder.Record("qasper").ToJsonString() + "\n" + line + "\n");
        Assert.StartsWith($"{path}, line 2: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trec", "all_classes", null, "the field \"all_classes\" is null, expected an array of strings, by which trec is scored.")]
    [InlineData("passage_retrieval_en", "answers", "the third", "the answers cannot be scored: ")]
    public void Load_RecordThatCannotBeScored_IsFoundBeforeAnyModelIsAsked(string set, string field, string? value, string fault)
    {
        JsonObject record = LongBenchFolder.Record(set, 1);
        record[field] = value is null ? null : new JsonArray(value);
        string path = folder.Write(set, LongBenchFolder.Record(set), record);
        Assert.StartsWith($"{path}, line 2: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ClassesOfOthersEmpty_AreNone()
    {
        JsonObject record = LongBenchFolder.Record("qasper");
        record["all_classes"] = new JsonArray();
        folder.Write("qasper", record);
        Assert.Single(Load());
    }

    [Theory]
    [InlineData(null, "there is no key \"qasper\", expected the prompt of that data set.")]
    [InlineData("{input} only", "the value of \"qasper\" cannot be filled: the place {context} occurs 0 times, expected once.")]
    [InlineData("{context}{input}{context}", "the value of \"qasper\" cannot be filled: the place {context} occurs 2 times, expected once.")]
    [InlineData("{context}{question}", "the value of \"qasper\" cannot be filled: the place {question} is unknown, expected {context}, {input} or another of {length}, {dataset}, {language}, {_id}.")]
    [InlineData("{context}{answers}", "the value of \"qasper\" cannot be filled: the place {answers} is unknown, expected {context}, {input} or another of {length}, {dataset}, {language}, {_id}.")]
    [InlineData("{context} }", "the value of \"qasper\" is no format string: at character 11, a } closes nothing; write }} for the character.")]
    [InlineData("{context} {input", "the value of \"qasper\" is no format string: at character 11, a { is not closed; write {{ for the character.")]
    [InlineData("{context}{}", "the value of \"qasper\" is no format string: at character 10, the place {} has no name.")]
    [InlineData("{context}{input:>9}", "the value of \"qasper\" is no format string: at character 10, the place {input:>9} has more than a name in it, expected a field's name alone.")]
    [InlineData("{context}{input!r}", "the value of \"qasper\" is no format string: at character 10, the place {input!r} has more than a name in it, expected a field's name alone.")]
    public void Load_BadPrompt_NamesFileAndKey(string? prompt, string fault)
    {
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        if (prompt is null) folder.Prompts.Remove("qasper");
        else folder.Prompts["qasper"] = prompt;
        folder.WriteConfiguration();
        Assert.Equal($"{folder.PromptFile}: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Theory]
    [InlineData(null, "there is no key \"qasper\", expected the most tokens of an answer of that data set.")]
    [InlineData("\"64\"", "the value of \"qasper\" is a string, expected a whole number of tokens, at least 1.")]
    [InlineData("0", "the value of \"qasper\" is 0, expected a whole number of tokens, at least 1.")]
    [InlineData("64.5", "the value of \"qasper\" is 64.5, expected a whole number of tokens, at least 1.")]
    public void Load_BadAnswerLength_NamesFileAndKey(string? value, string fault)
    {
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        if (value is null) folder.Lengths.Remove("qasper");
        else folder.Lengths["qasper"] = JsonNode.Parse(value);
        folder.WriteConfiguration();
        Assert.Equal($"{folder.LengthFile}: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Fact]
    public void Load_PromptNoString_NamesFileAndKey()
    {
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        folder.Prompts["qasper"] = 5;
        folder.WriteConfiguration();
        Assert.Equal($"{folder.PromptFile}: the value of \"qasper\" is a number, expected a string.", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Theory]
    [InlineData("[]", "the file holds an array, expected an object with a data set's name as each key.")]
    [InlineData("{", "not valid JSON: ")]
    [InlineData("{\"a\":\"1\",\"a\":\"2\"}", "not valid JSON: ")]
    public void Load_BrokenConfiguration_NamesTheFile(string text, string fault)
    {
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        File.WriteAllText(folder.PromptFile, text);
        Assert.StartsWith($"{folder.PromptFile}: {fault}", Assert.Throws<DataFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ConfigurationMissing_SaysWhatIsExpected()
    {
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        File.Delete(folder.LengthFile);
        string message = Assert.Throws<FileNotFoundException>(() => Load()).Message;
        Assert.StartsWith($"There is no {folder.LengthFile}. Expected the files of LongBench's folder \"config\"", message, StringComparison.Ordinal);
        Assert.Contains("ConfigurationFolder", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DataSetMissing_SaysWhereItWasLookedFor()
    {
        string message = Assert.Throws<FileNotFoundException>(() => Load("qasper")).Message;
        Assert.StartsWith($"There is no qasper.jsonl (or .json or .parquet, compressed or not, or a folder of that name) in {folder.File("data")}.", message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("data", "data.zip"), "");
        Assert.EndsWith($" Unpack {folder.File("data", "data.zip")} there.", Assert.Throws<FileNotFoundException>(() => Load("qasper")).Message, StringComparison.Ordinal);
        Assert.StartsWith("There is no data set of LongBench at all. There is no qasper.jsonl", Assert.Throws<FileNotFoundException>(() => Load()).Message, StringComparison.Ordinal);
        Assert.StartsWith("There is no data set of LongBench-E at all. There is no qasper_e.jsonl", Assert.Throws<FileNotFoundException>(() => LongBench.LoadE(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DataSetUnknown_ListsThoseThatAre()
    {
        Assert.StartsWith(
            "DataSets has \"quasper\", which LongBench has not; expected of narrativeqa, qasper, ", Assert.Throws<ArgumentException>(() => Load("quasper")).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "DataSets has \"musique\", which LongBench-E has not; expected of qasper, ",
            Assert.Throws<ArgumentException>(() => LongBench.LoadE(folder.Path, new LongBenchOptions { DataSets = ["musique"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TwoFilesOfADataSet_NamesBoth()
    {
        string lines = folder.Write("qasper", LongBenchFolder.Record("qasper")), array = folder.File("data", "qasper.json");
        File.WriteAllText(array, "[]");
        Assert.Equal($"The data of qasper may be {array} or {lines}, expected one of them.", Assert.Throws<IOException>(() => Load()).Message);
    }

    [Fact]
    public void Load_FileEmpty_NamesIt()
    {
        string path = folder.WriteText("qasper", "\n");
        Assert.Equal($"{path}: the file has no record, expected those of qasper.", Assert.Throws<DataFormatException>(() => Load()).Message);
    }

    [Fact]
    public void Load_ChineseWithoutSegmenter_SaysWhatToDo()
    {
        folder.WriteAll();
        string message = Assert.Throws<ArgumentException>(() => Load()).Message;
        Assert.StartsWith("multifieldqa_zh, dureader, vcsum: Chinese answers are scored by words, and Scoring has no Segmenter.", message, StringComparison.Ordinal);
        Assert.Contains("CharacterSegmenter", message, StringComparison.Ordinal);
        Assert.Contains("DataSets = LongBench.EnglishDataSets", message, StringComparison.Ordinal);
        Assert.Equal(16, LongBench.Load(folder.Path, new LongBenchOptions { DataSets = LongBench.EnglishDataSets }).Count);
        Assert.Equal(["longbench/lsht", "longbench/passage_retrieval_zh"], Load("lsht", "passage_retrieval_zh").Select(task => task.Name));
    }

    [Fact]
    public void Load_OptionsAtFault_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => LongBench.Load(
            folder.Path, new LongBenchOptions { DataSets = ["qasper", "qasper"], DataFolder = " ", MaximumPromptTokens = 1, MaximumItems = 0 })).Message;
        Assert.Equal(
            "LongBenchOptions: DataSets has a name twice; DataFolder is blank, expected a folder, or null; MaximumPromptTokens is 1, expected at least 2; MaximumItems is 0, expected at least 1.", message);
        Assert.Contains("DataSets is empty", Assert.Throws<ArgumentException>(() => Load([])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LongBench.Load(" "));
        Assert.Equal($"There is no folder {folder.File("none")}.", Assert.Throws<DirectoryNotFoundException>(() => LongBench.Load(folder.File("none"))).Message);
    }

    private IReadOnlyList<LongBenchTask> Load() => LongBench.Load(folder.Path);

    private IReadOnlyList<LongBenchTask> Load(params string[] sets) => LongBench.Load(folder.Path, new LongBenchOptions { DataSets = sets });
}
