namespace LongContext.Tokenization.PostProcessors;

/// <summary>The special tokens that go around a text: the "post_processor" of tokenizer.json.</summary>
internal sealed class TemplatePostProcessor(int[] before, int[] after)
{
    private const string Supported = "none, TemplateProcessing, ByteLevel, RobertaProcessing, BertProcessing, Sequence of them";

    public static TemplatePostProcessor Nothing { get; } = new([], []);

    public IReadOnlyList<int> Before => before;

    public IReadOnlyList<int> After => after;

    public static TemplatePostProcessor Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "TemplateProcessing" => ReadTemplate(field),
            "ByteLevel" => Nothing, // trims offsets only
            "RobertaProcessing" or "BertProcessing" => new TemplatePostProcessor([PairId(field.Required("cls"))], [PairId(field.Required("sep"))]),
            "Sequence" => ReadSequence(field.Required("processors")),
            _ => throw field.Unsupported($"the post-processor type '{type}'", Supported),
        };
    }

    private static TemplatePostProcessor ReadSequence(JsonField field)
    {
        TemplatePostProcessor[] adding = [.. field.Items().Select(Read).Where(step => step.Before.Count + step.After.Count > 0)];
        return adding switch
        {
            [] => Nothing,
            [var only] => only,
            _ => throw field.Unsupported($"a sequence in which {adding.Length} post-processors add tokens", "one that does"),
        };
    }

    private static TemplatePostProcessor ReadTemplate(JsonField field)
    {
        JsonField template = field.Required("single");
        List<int> before = [], after = [];
        bool textSeen = false;
        foreach (JsonField item in template.Items())
        {
            if (item.Optional("SpecialToken") is { } special)
            {
                (textSeen ? after : before).AddRange(SpecialIds(field, special));
            }
            else
            {
                JsonField sequence = item.Required("Sequence").Required("id");
                if (sequence.Text() != "A" || textSeen) throw sequence.Fault($"expected the sequence \"A\" once, found \"{sequence.Text()}\"");
                textSeen = true;
            }
        }

        if (!textSeen) throw template.Fault("the template has no sequence \"A\"");
        return new TemplatePostProcessor([.. before], [.. after]);
    }

    private static IEnumerable<int> SpecialIds(JsonField processor, JsonField special) =>
        processor.Required("special_tokens").Required(special.Required("id").Text()).Required("ids").Items().Select(id => id.Integer());

    /// <summary>The id of ["&lt;s&gt;", 0].</summary>
    private static int PairId(JsonField field) =>
        field.Items().ToArray() is [_, var id] ? id.Integer() : throw field.Fault("expected a token and its id");
}
