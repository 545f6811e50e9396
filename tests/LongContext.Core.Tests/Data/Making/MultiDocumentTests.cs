using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class MultiDocumentTests
{
    private const string Retrieved = """
        {"question": "who?", "answers": ["Ann", "Anna"],
         "ctxs": [{"id": "1", "title": "T1", "text": "one", "score": "1.5", "hasanswer": false}, {"title": "T2", "text": "Ann again", "hasanswer": true},
                  {"title": "T3", "text": "three", "hasanswer": false}, {"title": "T4", "text": "four", "hasanswer": false}],
         "nq_annotated_gold": {"title": "G", "long_answer": "It was Ann, they say.", "chunked_long_answer": "It was Ann", "short_answers": ["Ann"]}}
        """;

    private const string Published = """
        {"question": "who?", "answers": ["Ann"], "ctxs": [
         {"title": "T1", "text": "one", "hasanswer": false, "isgold": false, "original_retrieval_index": 0}, {"title": "G", "text": "It was Ann", "hasanswer": true, "isgold": true},
         {"title": "T3", "text": "three", "hasanswer": false, "isgold": false, "original_retrieval_index": 3}],
         "nq_annotated_gold": {"title": "G", "long_answer": "long", "chunked_long_answer": "It was Ann"}}
        """;

    [Fact]
    public void Write_Forms_AreThePublishedPrompts()
    {
        PassageDocument[] documents = [new("first doc", "first doc text"), new("second doc", "second doc text")];
        const string Instruction = "Write a high-quality answer for the given question using only the provided search results (some of which might be irrelevant).";
        const string List = "Document [1](Title: first doc) first doc text\nDocument [2](Title: second doc) second doc text";
        Assert.Equal($"{Instruction}\n\n{List}\n\nQuestion: test question\nAnswer:", MultiDocumentPrompt.Write("test question", documents));
        Assert.Equal($"{Instruction} The search results are ordered randomly.\n\n{List}\n\nQuestion: test question\nAnswer:", MultiDocumentPrompt.Write("test question", documents, MultiDocumentForm.RandomOrder));
        Assert.Equal($"{Instruction}\n\nQuestion: test question\n\n{List}\n\nQuestion: test question\nAnswer:", MultiDocumentPrompt.Write("test question", documents, MultiDocumentForm.QueryAware));
        Assert.Throws<ArgumentException>("documents", () => MultiDocumentPrompt.Write("q", []));
        Assert.Throws<ArgumentException>("question", () => MultiDocumentPrompt.Write("", documents));
    }

    [Theory]
    // Of retrieved documents the first two without the answer, T1 and T3; the gold one at the position.
    [InlineData(0, "G T1 T3")]
    [InlineData(1, "T1 G T3")]
    [InlineData(2, "T1 T3 G")]
    public void Make_Position_PutsTheGoldDocumentThere(int position, string titles)
    {
        MultiDocumentMaker maker = new(new MultiDocumentOptions { MinimumDocuments = 3, MaximumDocuments = 3, Placement = GoldPlacement.At(position) });
        PromptExample made = maker.Make(MultiDocumentQuestion.Read(Records.Of(Retrieved)), 0);
        Assert.Equal(titles, Titles(made));
        Assert.Equal(" Ann", made.Completion);
        Assert.Equal((position.ToString(), "3", 7), (made.Properties["goldPosition"], made.Properties["documentCount"], made.Origin!.Number));
    }

    [Fact]
    public void Make_WithSource_NamesTheNumberShown()
    {
        MultiDocumentMaker maker = new(new MultiDocumentOptions { MinimumDocuments = 3, MaximumDocuments = 3, Placement = GoldPlacement.Last, Answer = MultiDocumentAnswer.WithSource });
        Assert.Equal(" Ann\nLong Answer: It was Ann, they say.\nGold Document ID: 3", maker.Make(MultiDocumentQuestion.Read(Records.Of(Retrieved)), 0).Completion);
    }

    [Fact]
    public void MakeAsGiven_PublishedRecord_KeepsItsOrder()
    {
        PromptExample made = new MultiDocumentMaker().MakeAsGiven(MultiDocumentQuestion.Read(Records.Of(Published)));
        Assert.Equal("T1 G T3", Titles(made));
        Assert.Equal("1", made.Properties["goldPosition"]);
        Assert.Throws<ArgumentException>("question", () => new MultiDocumentMaker().MakeAsGiven(MultiDocumentQuestion.Read(Records.Of(Retrieved))));
    }

    [Fact]
    public void Make_Pool_FillsUpWithDocumentsThatDoNotHoldTheAnswer()
    {
        PassageDocument[] pool = [.. Enumerable.Range(0, 30).Select(i => new PassageDocument($"P{i}", i % 3 == 0 ? "where ANN is" : $"text {i}")), new("T1", "one", false), new("T1", "one"), new("T1", "one", true), new("P1", "text 1", false)];
        MultiDocumentMaker maker = new(new MultiDocumentOptions { MinimumDocuments = 2, MaximumDocuments = 20, Pool = pool, ShuffleDistractors = true });
        MultiDocumentQuestion question = MultiDocumentQuestion.Read(Records.Of(Retrieved));
        int[] counts = new int[21];
        HashSet<string> positions = [];
        for (int i = 0; i < 600; i++)
        {
            PromptExample made = maker.Make(question, i);
            Assert.Equal(made, maker.Make(question, i));
            string[] titles = Titles(made).Split(' ');
            Assert.Equal(titles.Length, titles.Distinct().Count());
            Assert.Equal("G", titles[int.Parse(made.Properties["goldPosition"], null)]);
            Assert.DoesNotContain(titles, title => title[0] == 'P' && int.Parse(title[1..], null) % 3 == 0);
            counts[titles.Length]++;
            positions.Add(made.Properties["goldPosition"]);
        }

        // 19 lengths, 600 / 19 = 32 each.
        Assert.All(counts[2..], count => Assert.InRange(count, 8, 64));
        Assert.Equal(20, positions.Count);
        Assert.Contains("a question", Assert.Throws<ArgumentException>("question", () => new MultiDocumentMaker().Make(question with { Origin = null }, 0)).Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("data.jsonl, line 7: 3 documents without the answer, expected 19", Assert.Throws<ArgumentException>("question", () => new MultiDocumentMaker().Make(question, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GoldPlacement_Names_AreWhatTheySay()
    {
        SplitMix64 random = new(1, 1);
        Assert.Equal(0, GoldPlacement.First.Position(20, 5, ref random));
        Assert.Equal(10, GoldPlacement.Middle.Position(20, 5, ref random));
        Assert.Equal(4, GoldPlacement.Middle.Position(9, 5, ref random));
        Assert.Equal(19, GoldPlacement.Last.Position(20, 5, ref random));
        Assert.Equal([0, 4, 9, 0], Enumerable.Range(0, 4).Select(i => GoldPlacement.At(0, 4, 9).Position(10, i, ref random)));
        Assert.Throws<ArgumentException>("positions", () => GoldPlacement.At());
        Assert.Throws<ArgumentException>("positions", () => GoldPlacement.At(-1));
    }

    [Theory]
    [InlineData("""{"answers": ["a"], "ctxs": []}""", "there is no field \"question\"; found \"answers\", \"ctxs\"")]
    [InlineData("""{"question": " ", "answers": ["a"]}""", "the field \"question\" is empty")]
    [InlineData("""{"question": 3, "answers": ["a"]}""", "the field \"question\" is a number, expected a string")]
    [InlineData("""{"question": "q", "answers": []}""", "\"answers\" is an empty array")]
    [InlineData("""{"question": "q", "answers": ["a", " "]}""", "\"answers[1]\" is empty, expected text")]
    [InlineData("""{"question": "q", "answers": [1]}""", "\"answers[0]\" is a number")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": {}}""", "\"ctxs\" is an object, expected an array")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": [null]}""", "\"ctxs[0]\" is null, expected an object")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": [{"title": "t"}]}""", "there is no field \"ctxs[0].text\"; found \"title\"")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": [{"text": "t", "hasanswer": "no"}]}""", "\"ctxs[0].hasanswer\" is a string, expected true or false")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": [{"text": "t", "isgold": true}, {"text": "u", "isgold": true}]}""", "\"ctxs[0]\" and \"ctxs[1]\" are both gold")]
    [InlineData("""{"question": "q", "answers": "a", "ctxs": [{"text": "t", "hasanswer": false}]}""", "there is no gold document")]
    [InlineData("""{"question": "q", "answers": "a", "nq_annotated_gold": "x"}""", "\"nq_annotated_gold\" is a string, expected an object")]
    [InlineData("""{"question": "q", "answers": "a", "nq_annotated_gold": {"title": "x"}}""", "there is no field \"nq_annotated_gold.chunked_long_answer\"")]
    public void Read_BadRecord_NamesFileLineAndField(string json, string fault)
    {
        string message = Assert.Throws<DataFormatException>(() => MultiDocumentQuestion.Read(Records.Of(json))).Message;
        Assert.StartsWith("data.jsonl, line 7: ", message, StringComparison.Ordinal);
        Assert.Contains(fault, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_BadValues_AreAllNamed()
    {
        string message = Assert.Throws<ArgumentException>(() => new MultiDocumentMaker(new MultiDocumentOptions
        {
            MinimumDocuments = 1, MaximumDocuments = 0, Placement = GoldPlacement.At(3), Form = (MultiDocumentForm)9, Answer = (MultiDocumentAnswer)9, Pool = null!,
        })).Message;
        foreach (string part in (string[])["MinimumDocuments is 1", "MaximumDocuments is 0", "Placement is at 3", "Form is 9", "Answer is 9", "Pool is null"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void AskAmongDocuments_AsOperator_Resumes()
    {
        MultiDocumentQuestion[] questions = [.. Enumerable.Range(0, 6).Select(i => MultiDocumentQuestion.Read(Records.Of(i % 2 == 0 ? Retrieved : Published, i)))];
        Assert.Equal(6, Walks.AssertResumesAnywhere(() => DataSource.FromList(questions, seed: null).AskAmongDocuments(new MultiDocumentOptions { MinimumDocuments = 2, MaximumDocuments = 3 })).Count);
    }

    private static string Titles(PromptExample made) =>
        string.Join(' ', made.Prompt.Split('\n').Where(line => line.StartsWith("Document [", StringComparison.Ordinal)).Select(line => line.Split("Title: ")[1].Split(')')[0]));
}
