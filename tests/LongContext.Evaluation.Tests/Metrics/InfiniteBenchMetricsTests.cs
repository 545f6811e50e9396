using System.Text.Json;

namespace LongContext.Evaluation.Metrics;

public sealed class InfiniteBenchMetricsTests
{
    [Theory]
    [InlineData("passkey", "-0012 13", "\"0012\"", 1)]
    [InlineData("number_string", "12", "12", 0)] // a number is no text
    [InlineData("kv_retrieval", "the value is \"abc\".", "\"abc\"", 1)]
    [InlineData("kv_retrieval", "abc", "[\"abc\"]", 0)] // nor is a list
    [InlineData("longdialogue_qa_eng", "Straße!", "[\"STRASSE\"]", 1)]
    [InlineData("longdialogue_qa_eng", "j", "\"JOHN\"", 1)] // the first entry of a text is a letter
    [InlineData("code_run", "returns: -1_000.", "[-1000]", 1)]
    [InlineData("code_run", "１２", "12", 1)]
    [InlineData("code_run", "𝟙𝟚", "12.0", 1)]
    [InlineData("code_run", "+7", "[7]", 1)]
    [InlineData("code_run", "1__0", "[10]", 0)]
    [InlineData("code_run", "12 apples", "[12]", 0)]
    [InlineData("code_run", "12", "[\"12\"]", 0)]
    [InlineData("code_debug", "B: it is", "[\"func\", \"B\"]", 1)]
    [InlineData("code_debug", "The answer is: *func*", "[\"func\", \"B\"]", 1)] // two blanks become one
    [InlineData("code_debug", "It is:\u202Ffunc", "[\"func\", \"B\"]", 1)]
    [InlineData("code_debug", "It is:😀func", "[\"func\", \"B\"]", 1)] // a character is a code point
    [InlineData("code_debug", "answer:B", "[\"func\", \"B\"]", 0)]
    [InlineData("longbook_choice_eng", "Bob", "[\"x\", \"B\"]", 1)]
    [InlineData("longbook_choice_eng", "it may be BC", "[\"x\", \"BC\"]", 1)] // part of "ABCD"
    [InlineData("longbook_choice_eng", "it may be AC or B", "[\"x\", \"B\"]", 1)]
    [InlineData("longbook_choice_eng", "the answer is: D. answer: B", "[\"x\", \"B\"]", 0)]
    [InlineData("longbook_choice_eng", "the option is", "[\"x\", \"B\"]", 0)]
    [InlineData("longbook_qa_eng", "red house", "[\"x\", \"the red car\"]", 0.5)]
    [InlineData("longbook_qa_eng", "t", "\"at\"", 1)] // a text is a list of its letters
    [InlineData("longbook_qa_eng", "x", "[]", 0)]
    [InlineData("longbook_qa_chn", "小明。", "[\"小 红\"]", 0.5)]
    [InlineData("longbook_sum_eng", "a b", "[\"x\", \"a b\"]", 1)]
    [InlineData("math_find", "x ３.5 y", "3.5", 1)]
    [InlineData("math_find", "3", "[3.0]", 1)]
    [InlineData("math_find", "-5", "[5]", 1)]
    [InlineData("math_find", "none", "[5]", 0)]
    [InlineData("math_calc", "[12, -7, 9", "[12, 7, 8, 9]", 0.5)]
    [InlineData("math_calc", "12 7", "[[12, 7]]", 1)]
    [InlineData("math_calc", "12", "[\"12\", 1]", 0)]
    public void Score_Label_CountsAsInPython(string task, string prediction, string label, double expected)
    {
        using JsonDocument json = JsonDocument.Parse(label);
        Assert.Equal(expected, InfiniteBenchMetrics.Score(InfiniteBenchMetrics.ParseTask(task), prediction, json.RootElement), 1e-12);
    }

    [Theory]
    [InlineData("math_find", "3.5", "3", typeof(FormatException))]
    [InlineData("math_find", "7", "\"7\"", typeof(ArgumentException))]
    [InlineData("math_calc", "7", "7", typeof(ArgumentException))]
    [InlineData("math_calc", "7", "[]", typeof(ArgumentException))]
    [InlineData("passkey", "7", "[]", typeof(ArgumentException))]
    [InlineData("code_debug", "B", "[\"func\"]", typeof(ArgumentException))]
    [InlineData("longdialogue_qa_eng", "B", "\"\"", typeof(ArgumentException))]
    public void Score_WhereTheProgramFails_Throws(string task, string prediction, string label, Type fault)
    {
        using JsonDocument json = JsonDocument.Parse(label);
        Assert.Throws(fault, () => InfiniteBenchMetrics.Score(InfiniteBenchMetrics.ParseTask(task), prediction, json.RootElement));
    }

    [Fact]
    public void Numbers_ThousandsOfDigits_AreNoneAsInPython()
    {
        string most = new('1', 4300), tooMany = most + "1";
        Assert.Equal(1, InfiniteBenchMetrics.CodeRun(most, System.Numerics.BigInteger.Parse(most, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(0, InfiniteBenchMetrics.CodeRun(tooMany, 1));
        Assert.Throws<FormatException>(() => InfiniteBenchMetrics.MathCalculation("1 " + tooMany, [2]));
        Assert.Throws<FormatException>(() => InfiniteBenchMetrics.MathFind(tooMany, 2));
    }

    [Fact]
    public void MathCalculation_SkipsFirst_PassesOverIt()
    {
        Assert.Equal(0, InfiniteBenchMetrics.MathCalculation("5, 12, 7", [12, 7]));
        Assert.Equal(1, InfiniteBenchMetrics.MathCalculation("5, 12, 7", [12, 7], skipsFirst: true));
    }

    [Fact]
    public void ParseTask_Unknown_NamesThoseThereAre() =>
        Assert.Contains("longbook_qa_chn", Assert.Throws<ArgumentException>(() => InfiniteBenchMetrics.ParseTask("longbook")).Message, StringComparison.Ordinal);
}
