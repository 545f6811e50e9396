using System.Text.Json;
using LongContext.Chat;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Tests.Generation.Chat;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Grammars of answers that call functions.</summary>
public sealed class CallGrammarTests
{
    private static readonly string[] Pieces = ["<tool", "_call>", "call>\n", "{\"name\"", "\": \"", "get", "\", \"", "arguments", "\"}}", "}}\n", "</tool_call>", "</think>", "\n\n", "<think>\n", "{\"city", "Bonn"];
    private static readonly HuggingFaceTokenizer Tokenizer = ChatModels.Create(Pieces);

    private static CallGrammarForm Form => new() { Syntax = ToolCallSyntax.Hermes, Tools = [Tool("get"), Tool("get_all", """{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9}},"required":["n"]}""")], AllowsSeveral = true };

    private static CallGrammarForm BareForm => Form with { Syntax = ToolCallSyntax.Llama3, AllowsSeveral = false };

    [Theory]
    [InlineData(Get, true)]
    [InlineData(Get + "\n" + GetAll, true)]
    [InlineData(Get + "\n" + Get + "\n" + Get, true)]
    [InlineData("Sure. " + Get, false)]
    [InlineData("", false)]
    [InlineData("Sure.", false)]
    [InlineData(Get + "\n", false)]
    [InlineData(Get + Get, false)]
    [InlineData("<tool_call>\n{\"name\": \"get\", \"arguments\": {\"city\": 1}}\n</tool_call>", false)]
    [InlineData("<tool_call>\n{\"name\": \"ge\", \"arguments\": {}}\n</tool_call>", false)]
    [InlineData("<tool_call>\n{\"name\": \"get_all\", \"arguments\": {\"n\": 10}}\n</tool_call>", false)]
    [InlineData("<tool_call>\n{\"name\": \"get_all\", \"arguments\": {}}\n</tool_call>", false)]
    public void Required_Calls_AreTheWholeAnswer(string text, bool expected) => Assert.Equal(expected, Create(Form with { IsRequired = true }).IsMatch(text));

    [Theory]
    [InlineData(Get, true)]
    [InlineData("Sure. " + Get, true)]
    [InlineData("<tool<tool_call" + Get + "\n" + GetAll, true)]
    [InlineData("", true)]
    [InlineData("Sure, <tool_call >{ no", true)]
    [InlineData("<tool_cal", true)]
    [InlineData("<tool_call>", false)]
    [InlineData("<tool_call>\n{\"name\": \"got\"", false)]
    [InlineData(Get + " and more", false)]
    [InlineData("A " + Get + "\n<tool_call>\n{}", false)]
    public void Auto_Text_IsFreeUntilACallOpens(string text, bool expected) => Assert.Equal(expected, Create(Form).IsMatch(text));

    [Fact]
    public void One_WhereOnlyOneMayBe_IsTheEnd()
    {
        Assert.True(Create(Form with { AllowsSeveral = false }).IsMatch("a " + Get));
        Assert.False(Create(Form with { AllowsSeveral = false }).IsMatch(Get + "\n" + Get));
        Assert.False(Create(Form with { AllowsSeveral = false, IsRequired = true }).IsMatch(Get + "\n" + Get));
    }

    [Fact]
    public void OtherSyntaxes_HaveTheirOwnTexts()
    {
        CompiledGrammar listed = Create(Form with { Syntax = ToolCallSyntax.MistralNemo }), bare = Create(Form with { Syntax = ToolCallSyntax.Llama3, IsRequired = true, AllowsSeveral = false });
        const string call = """{"name": "get", "arguments": {"city": "Bonn"}}""";
        Assert.True(listed.IsMatch($"[TOOL_CALLS][{call}]"));
        Assert.True(listed.IsMatch($"Well: [TOOL_CALLS][{call}, {call}]"));
        Assert.False(listed.IsMatch($"[TOOL_CALLS][{call}, {call}"));
        Assert.False(listed.IsMatch($"[TOOL_CALLS][{call}]x"));
        Assert.True(bare.IsMatch("""{"name": "get", "parameters": {}}"""));
        Assert.False(bare.IsMatch(call));
    }

    [Theory]
    [InlineData(0, "<think>\nHm. <tool_call> or not?</think>\n\n" + Get, true, true)]
    [InlineData(0, Get, true, true)]
    [InlineData(0, "\n\n" + Get, true, true)]
    [InlineData(0, "\n\n<think>Hm.</think>" + Get, true, true)]
    [InlineData(0, "<think>\nHm.", true, false)]
    [InlineData(0, "Hm.</think>" + Get, true, false)]
    [InlineData(1, "Hm.</think>\n\n" + Get, true, true)]
    [InlineData(1, "Hm. </thi" + Get, true, false)]
    [InlineData(1, "Hm.</think>No.", true, false)]
    [InlineData(2, Get, true, true)]
    [InlineData(2, "<think>\nHm.</think>" + Get, true, false)]
    [InlineData(0, "<think>\nHm.", false, true)]
    [InlineData(0, "<think>\n<tool_call> or not?</think>No.", false, true)]
    [InlineData(1, "<tool_call> or not?</think>No.", false, true)]
    [InlineData(1, "<tool_call> or not?</think>\n" + Get, false, true)]
    [InlineData(1, "Hm.</think>\n<tool_call>no", false, false)]
    public void Thoughts_BeforeTheAnswer_AreFree(int stage, string text, bool isRequired, bool expected) =>
        Assert.Equal(expected, Create(Form with { IsRequired = isRequired, Thoughts = ReasoningTags.Think, Stage = (ReasoningStage)stage }).IsMatch(text));

    [Fact]
    public void Answer_OfAnotherForm_IsTheAlternative()
    {
        CallGrammarForm form = Form with { Answer = JsonGrammar.FromSchema("""{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}""", Tokenizer), Thoughts = ReasoningTags.Think };
        CompiledGrammar grammar = Create(form);
        Assert.True(grammar.IsMatch("""{"ok": true}"""));
        Assert.True(grammar.IsMatch(Get));
        Assert.True(grammar.IsMatch("<think>\nHm.\n</think>\n\n{\"ok\":false}"));
        Assert.False(grammar.IsMatch("<think>\nHm."));
        Assert.False(grammar.IsMatch("Yes."));
        // Where a call is required, there is none.
        Assert.False(Create(form with { IsRequired = true }).IsMatch("""{"ok": true}"""));
    }

    [Theory]
    [InlineData("<tool_call>[" + Listed + "]", true)]
    [InlineData("<|tool_call|>[" + Listed + ", " + Listed + "]", true)]
    [InlineData("Sure. <tool_call>[" + Listed + "]", true)]
    [InlineData("<|tool_<tool_<|tool_call|>[" + Listed + "]", true)]
    [InlineData("<|tool_call> and <tool_call|>", true)]
    [InlineData("<tool_call>" + Listed, false)]
    [InlineData("<tool_call>[{\"name\": \"got\"", false)]
    [InlineData("<|tool_call|>[{\"name\": \"get\", \"arguments\": {\"city\": 1}}]", false)]
    [InlineData("<tool_call>[{\"name\": \"get\", \"arguments\": {\"city\": 1}}]", false)]
    [InlineData("<tool_call>no", false)]
    public void Auto_OpeningsThatAreSpelledOtherwise_HoldToo(string text, bool expected) => Assert.Equal(expected, Create(Form with { Syntax = ToolCallSyntax.Granite }).IsMatch(text));

    [Theory]
    [InlineData(Bare, true)]
    [InlineData(" \n\u00a0\u2003\u3000" + Bare, true)]
    [InlineData("{ \r\n\t\"name\": \"get\", \"parameters\": {}}", true)]
    [InlineData("{\"type\": \"function\", \"name\": \"get\", \"parameters\": {}}", true)]
    [InlineData("{ \"type\" :\n\"function\",\"name\": \"get_all\", \"parameters\": {\"n\": 3}}", true)]
    [InlineData("<|python_tag|>" + Bare, true)]
    [InlineData("So: <|python_tag|>" + Bare, true)]
    [InlineData("{x<|python_tag|>" + Bare, true)]
    [InlineData("", true)]
    [InlineData("Sure.", true)]
    [InlineData("{", true)]
    [InlineData("{}", true)]
    [InlineData("{\"na", true)]
    [InlineData("{\"names\": 1}", true)]
    [InlineData("{\"id\": 1, \"name\": \"got\", \"parameters\": {}}", true)]
    [InlineData("{\"type\": \"object\", \"name\": 1}", true)]
    [InlineData("{\"type\": \"function\", \"function\": {\"name\": 1}}", true)]
    [InlineData("{\u00a0\"name\": 1}", true)]
    [InlineData("So: {\"name\": \"got\", \"parameters\": {}}", true)]
    [InlineData("[{\"name\": \"got\", \"parameters\": {}}]", true)]
    [InlineData("{\"name\"", false)]
    [InlineData("{\"name\": \"Bob\", \"age\": 3}", false)]
    [InlineData("{\"name\": \"got\", \"parameters\": {}}", false)]
    [InlineData("\u3000{ \"name\": \"get\", \"parameters\": {\"city\": 1}}", false)]
    [InlineData("{\"type\":\"function\" , \"name\": \"get\", \"parameters\": {\"city\": 1}}", false)]
    [InlineData(Bare + " and more", false)]
    [InlineData(Bare + "; " + Bare, false)]
    [InlineData("<|python_tag|>print(1)", false)]
    [InlineData("So: <|python_tag|>{\"name\": \"got\", \"parameters\": {}}", false)]
    public void Auto_CallsWithoutAnOpening_AreHeldByHowTheAnswerBegins(string text, bool expected) => Assert.Equal(expected, Create(BareForm).IsMatch(text));

    [Theory]
    [InlineData(0, " \n\n<think>Hm.</think>\n" + Bare, true)]
    [InlineData(0, "<think>Hm. {\"name\"", true)]
    [InlineData(0, "<thin" + Bare, true)]
    [InlineData(0, "<think>Hm.</think>No.", true)]
    [InlineData(0, "<think>Hm.</think> {\"name\": \"got\"", false)]
    [InlineData(0, "\n\n\n\n<think>Hm.</think>{\"name\": \"got\"", false)]
    [InlineData(0, "<think>Hm.</think>No. <|python_tag|>x", false)]
    [InlineData(0, "{\"name\": \"got\"", false)]
    [InlineData(1, "Hm.</think>" + Bare, true)]
    [InlineData(1, "Hm.</think>{\"name\": \"got\"", false)]
    [InlineData(2, "<think>Hm.</think>{\"name\": \"got\"", true)]
    public void Auto_CallsWithoutAnOpeningBehindThoughts_AreHeld(int stage, string text, bool expected) =>
        Assert.Equal(expected, Create(BareForm with { Thoughts = ReasoningTags.Think, Stage = (ReasoningStage)stage }).IsMatch(text));

    /// <summary>Whatever the grammar lets pass, the reader finds no call in it that is not right; and where nothing begins like a call, all passes.</summary>
    [Theory]
    [InlineData("hermes", "<tool_call>")]
    [InlineData("llama3", """<\|python_tag\|>|^\s*\{[ \t\r\n]*("name"|"type"[ \t\r\n]*:[ \t\r\n]*"function"[ \t\r\n]*,[ \t\r\n]*"name")""")]
    [InlineData("mistral", """\[TOOL_CALLS\]""")]
    [InlineData("granite", """<\|tool_call\|>|<tool_call>""")]
    [InlineData("phi4", """<\|tool_call\|>""")]
    public void Auto_RandomAnswers_HaveNoCallsThatAreNotRight(string name, string opening)
    {
        ToolCallSyntax syntax = name switch { "hermes" => ToolCallSyntax.Hermes, "llama3" => ToolCallSyntax.Llama3, "mistral" => ToolCallSyntax.Mistral, "granite" => ToolCallSyntax.Granite, _ => ToolCallSyntax.Phi4Mini };
        CallGrammarForm form = Form with { Syntax = syntax, AllowsSeveral = syntax.AllowsSeveral };
        CompiledGrammar grammar = Create(form);
        Dictionary<string, JsonGrammar> schemas = form.Tools.ToDictionary(each => each.Tool.Name, each => JsonGrammar.FromSchema(each.Tool.Parameters.GetRawText(), Tokenizer));
        string key = syntax == ToolCallSyntax.Llama3 ? "parameters" : "arguments";
        string[] bits =
        [
            .. syntax.SpecialTokens, "<tool_call>", "</tool_call>", "\n", " ", "\u3000", "[", "]", "{", "}", ",", ":", "\"", "\\", "\"name\"", "\"type\"", "\"function\"", "\"id\"", "\"\\u006eame\"", $"\"{key}\"", "\"get\"", "{\"city\": 1}", "{\"city\": \"Bonn\"}",
            "{\"type\": [\"function\", \"name\"], ", "{\"type\": 1, \"function\": 2, ", $"\"name\": \"got\", \"{key}\": {{}}}}", $"{{\"name\": \"get\", \"{key}\": ", $"{{\"name\": \"got\", \"{key}\": {{}}}}", $"{{\"type\": \"function\", \"name\": \"get\", \"{key}\": {{}}}}", "<", "|", ";", "x",
        ];
        (int passed, int right, int held) = (0, 0, 0);
        for (int seed = 0; seed < 6_000; seed++)
        {
            var random = new SplitMix64(seed, 17);
            string answer = random.NextInt(3) == 0 ? "" : (random.NextInt(2) == 0 ? syntax.Prefix : "") + $"{syntax.CallPrefix}get{syntax.ArgumentsPrefix}{{\"city\": \"Bonn\"}}{syntax.CallSuffix}{syntax.Suffix}";
            for (int i = random.NextInt(6); i > 0; i--) answer = answer.Insert(random.NextInt(4) == 0 ? 0 : random.NextInt(answer.Length + 1), bits[random.NextInt(bits.Length)]);
            for (int i = random.NextInt(3); i > 0 && answer.Length > 0; i--) answer = answer.Remove(random.NextInt(answer.Length), 1);
            ToolCallReader reader = syntax.CreateReader();
            ChatToolCall[] calls = [.. reader.Add(answer).Concat(reader.Flush()).Select(reading => reading.Call).OfType<ChatToolCall>()];
            if (!grammar.IsMatch(answer))
            {
                held++;
                Assert.True(System.Text.RegularExpressions.Regex.IsMatch(answer, opening), answer);
                continue;
            }

            passed++;
            right += calls.Length;
            Assert.All(calls, call => Assert.True(schemas.TryGetValue(call.Name, out JsonGrammar? schema) && schema.IsMatch(call.Arguments.GetRawText()), answer));
        }

        TestContext.Current.SendDiagnosticMessage($"{name}: {passed} passed with {right} calls, {held} held");
        Assert.True(passed > 1_000 && right > 100 && held > 500, $"{name}: {passed} passed with {right} calls, {held} held");
    }

    [Theory]
    [InlineData("""{"type":"object","minProperties":1}""", "minProperties")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "none")]
    [InlineData("""{"type":"array"}""", "array")]
    [InlineData("""{"type":["object","null"]}""", "object")]
    [InlineData("""{"type":"object","properties":[]}""", "properties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","maxLength":"x"}}}""", "maxLength")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","maxLength":400000},"b":{"type":"string","maxLength":400000}}}""", "nodes")]
    [InlineData("""{"allOf":[{"required":["a"]},{"required":null}]}""", "required")]
    [InlineData("""{"required":["a"],"allOf":[{"required":[null]}]}""", "required")]
    [InlineData("""{"allOf":[{"properties":{"a":{}}},{"properties":null}]}""", "properties")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""", "satisfies")]
    public void Schema_ThatNoGrammarHolds_IsRefusedWhereStrictAndAnyObjectElse(string schema, string word)
    {
        CallGrammarForm form = Form with { IsRequired = true, Tools = [Tool("plain"), Tool("bad", schema)] };
        CompiledGrammar loose = Create(form);
        Assert.True(loose.IsMatch("<tool_call>\n{\"name\": \"bad\", \"arguments\": {\"x\": [1]}}\n</tool_call>"));
        Assert.False(loose.IsMatch("<tool_call>\n{\"name\": \"bad\", \"arguments\": 1}\n</tool_call>"));
        Exception e = Assert.ThrowsAny<Exception>(() => Create(form with { Tools = [Tool("plain"), Tool("bad", schema, isStrict: true)] }));
        Assert.True(e is ArgumentException or NotSupportedException, e.ToString());
        Assert.Contains("\"bad\"", e.Message, StringComparison.Ordinal);
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_WithReferencesOfItsOwn_IsReadByItself()
    {
        const string schema = """{"properties":{"a":{"$ref":"#/$defs/n"}},"required":["a"],"$defs":{"n":{"enum":[1,2]}}}""";
        CompiledGrammar grammar = Create(Form with { IsRequired = true, Tools = [Tool("one", schema), Tool("two", schema.Replace("[1,2]", "[3]", StringComparison.Ordinal))] });
        Assert.True(grammar.IsMatch("<tool_call>\n{\"name\": \"one\", \"arguments\": {\"a\": 2}}\n</tool_call>"));
        Assert.True(grammar.IsMatch("<tool_call>\n{\"name\": \"two\", \"arguments\": {\"a\": 3}}\n</tool_call>"));
        Assert.False(grammar.IsMatch("<tool_call>\n{\"name\": \"two\", \"arguments\": {\"a\": 2}}\n</tool_call>"));
    }

    [Fact]
    public void Mask_OfRandomAnswers_AllowsWhatCanFollowAndNothingElse()
    {
        foreach (bool isRequired in (bool[])[false, true])
        {
            CompiledGrammar grammar = Create(Form with { IsRequired = isRequired, Thoughts = ReasoningTags.Think });
            int stop = ChatModels.EndOfTurn + Pieces.Length, calls = 0;
            for (int seed = 0; seed < 40; seed++)
            {
                var random = new SplitMix64(seed, 9);
                var constraint = new GrammarConstraint(grammar, [stop]);
                var other = new GrammarConstraint(grammar, [stop]);
                List<int> made = [];
                while (made.Count < 300 && !constraint.MustEnd)
                {
                    float[] scores = new float[Tokenizer.VocabularySize + 5];
                    constraint.Mask(scores);
                    int[] allowed = [.. Enumerable.Range(0, scores.Length).Where(id => scores[id] == 0)];
                    // Every token that may come is taken, and no other one.
                    if (made.Count % 7 == 0)
                    {
                        for (int id = 0; id < scores.Length; id++)
                        {
                            bool taken = other.TryAccept(id);
                            Assert.Equal(scores[id] == 0, taken);
                            if (taken) other.Rollback(1);
                        }
                    }

                    // Pieces of calls more often than others.
                    int[] liked = [.. allowed.Where(id => id is >= 256 and < 256 + 16)];
                    int next = liked.Length > 0 && random.NextInt(3) > 0 ? liked[random.NextInt(liked.Length)] : allowed[random.NextInt(allowed.Length)];
                    Assert.True(constraint.TryAccept(next));
                    Assert.True(other.TryAccept(next));
                    made.Add(next);
                    if (next == stop) break;
                }

                if (!constraint.MustEnd) continue;
                string text = Tokenizer.Decode([.. made.Where(id => id < Tokenizer.VocabularySize && !Tokenizer.IsSpecialToken(id))]);
                Assert.True(grammar.IsMatch(text), text);
                if (text.Contains("</tool_call>", StringComparison.Ordinal)) calls++;
            }

            Assert.InRange(calls, 3, 40);
        }
    }

    [Fact]
    public void Mask_OfFreeText_LeavesTokensWithoutTextAlone()
    {
        CompiledGrammar grammar = Create(Form);
        int stop = ChatModels.EndOfTurn + Pieces.Length, silent = stop - 1, beyond = Tokenizer.VocabularySize + 3;
        var constraint = new GrammarConstraint(grammar, [stop]);
        float[] scores = new float[Tokenizer.VocabularySize + 5];
        constraint.Mask(scores);
        Assert.Equal((0, 0, 0), (scores[stop], scores[silent], scores[beyond]));
        // Tokens without text change nothing, not even within an opening.
        foreach (int token in (int[])[Id("<tool"), silent, beyond, Id("_call>")]) Assert.True(constraint.TryAccept(token));
        Array.Clear(scores);
        constraint.Mask(scores);
        Assert.Equal(["\n"], Enumerable.Range(0, scores.Length).Where(id => scores[id] == 0).Select(id => Tokenizer.Decode([id])));
        Assert.False(constraint.TryAccept(silent));
        Assert.False(constraint.TryAccept(stop));
        constraint.Rollback(1);
        Assert.True(constraint.TryAccept(Id("call>\n")) && constraint.TryAccept(stop));

        static int Id(string piece) => 256 + Array.IndexOf(Pieces, piece);
    }

    [Fact]
    public void TakesAnything_InText_IsKnownOnceItWasLookedFor()
    {
        HuggingFaceTokenizer tokenizer = ChatModels.Create("<tool_call", ">x");
        CompiledGrammar grammar = CallGrammar.Create(Form, TokenBytes.Of(tokenizer));
        float[] scores = new float[tokenizer.VocabularySize + 5];
        int stop = ChatModels.EndOfTurn + 2;
        var constraint = new GrammarConstraint(grammar, [stop]);
        // Where the answer begins, it is known from the beginning.
        Assert.True(constraint.TakesAnything);
        Accept("<");
        Assert.False(constraint.TakesAnything);
        constraint.Mask(scores);
        Assert.True(constraint.TakesAnything && scores.All(score => score == 0));
        Assert.True(new GrammarConstraint(grammar, [stop]) is var other && other.TryAccept('<') && other.TakesAnything);
        // A token that reads past the opening is no call's.
        Accept("tool_call");
        constraint.Mask(scores);
        Assert.False(constraint.TakesAnything);
        Assert.Equal([257], Enumerable.Range(0, scores.Length).Where(id => scores[id] != 0));
        Accept(">\n");
        constraint.Mask(scores);
        Assert.False(constraint.TakesAnything);
        constraint.Rollback(11);
        Assert.True(constraint.TakesAnything && constraint.TryAccept(stop));
        Assert.False(constraint.TakesAnything);

        // Thoughts that must come to an end take any token but that.
        Assert.False(new GrammarConstraint(Create(Form with { IsRequired = true, Thoughts = ReasoningTags.Think, Stage = ReasoningStage.Thinking }), [stop]).TakesAnything);

        void Accept(string text)
        {
            foreach (char c in text) Assert.True(constraint.TryAccept(c));
        }
    }

    [Fact]
    public void Until_OfRandomMarkers_FindsTheFirstPlace()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new SplitMix64(seed, 3);
            string marker = Random(1 + random.NextInt(6)), text = Random(random.NextInt(30));
            var graph = new GrammarGraph();
            GrammarState state = graph.Start(FreeText.Until(graph, marker, graph.Add(endsRule: true), end: null));
            int found = -1;
            for (int i = 0; i < text.Length && found < 0; i++)
            {
                state = graph.Step(state, (byte)text[i]);
                if (state.IsComplete) found = i + 1 - marker.Length;
            }

            Assert.Equal(text.IndexOf(marker, StringComparison.Ordinal), found);

            string Random(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ab"[random.NextInt(2)]));
        }
    }

    [Fact]
    public void FreeText_OfSeveralMarkers_LeadsWhereTheFirstIsComplete()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new SplitMix64(seed, 4);
            string[] markers = [.. Enumerable.Range(0, 1 + random.NextInt(3)).Select(_ => Random(1 + random.NextInt(5))).Distinct()];
            string text = Random(random.NextInt(30));
            var graph = new GrammarGraph();
            int[] ends = [.. markers.Select(_ => graph.Add(endsRule: true))];
            var free = new FreeText(graph, markers.Zip(ends), end: null);
            GrammarState state = graph.Start(free.Start);
            int found = -1;
            for (int i = 0; i < text.Length && found < 0; i++)
            {
                state = graph.Step(state, (byte)text[i]);
                if (state.IsComplete) found = i + 1;
            }

            int[] places = [.. markers.Select(marker => text.IndexOf(marker, StringComparison.Ordinal) is >= 0 and var at ? at + marker.Length : int.MaxValue)];
            Assert.Equal(places.Min() == int.MaxValue ? -1 : places.Min(), found);

            string Random(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ab"[random.NextInt(2)]));
        }
    }

    [Fact]
    public void Key_OfEachForm_IsItsOwn()
    {
        CallGrammarForm[] forms =
        [
            Form, Form with { IsRequired = true }, Form with { AllowsSeveral = false }, Form with { Thoughts = ReasoningTags.Think }, Form with { Thoughts = ReasoningTags.Think, Stage = ReasoningStage.Thinking },
            Form with { Answer = JsonGrammar.AnyObject(Tokenizer) }, Form with { Tools = [Tool("get")] }, Form with { Tools = [Tool("get", isStrict: true)] }, Form with { Tools = [Tool("get", "{}")] },
        ];
        Assert.Equal(forms.Length, forms.Select(form => form.Key()).Distinct().Count());
        Assert.Equal(Form.Key(), Form.Key());
    }

    private const string Get = "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"city\": \"Bonn\"}}\n</tool_call>";
    private const string Listed = "{\"name\": \"get\", \"arguments\": {\"city\": \"Bonn\"}}";
    private const string Bare = "{\"name\": \"get\", \"parameters\": {\"city\": \"Bonn\"}}";
    private const string GetAll = "<tool_call>\n{\"name\": \"get_all\", \"arguments\": {\"n\": 3}}\n</tool_call>";

    private static CompiledGrammar Create(CallGrammarForm form) => CallGrammar.Create(form, TokenBytes.Of(Tokenizer, form.Syntax.SpecialTokens));

    private static CallableTool Tool(string name, string schema = """{"type":"object","properties":{"city":{"type":"string","maxLength":9}}}""", bool isStrict = false)
    {
        using JsonDocument json = JsonDocument.Parse(schema);
        return new CallableTool(new ChatTool(name, null, json.RootElement), isStrict);
    }
}
