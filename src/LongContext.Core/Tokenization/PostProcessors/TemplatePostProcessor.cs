namespace LongContext.Tokenization.PostProcessors;

/// <summary>The special tokens that go around a text: the "post_processor" of tokenizer.json.</summary>
internal sealed class TemplatePostProcessor(int[] before, int[] after)
{
    public static TemplatePostProcessor Nothing { get; } = new([], []);

    public IReadOnlyList<int> Before => before;

    public IReadOnlyList<int> After => after;

    public static TemplatePostProcessor Read(JsonField field)
    {
        string type = field.Required("type").Text();
        if (type != "TemplateProcessing") throw field.Unsupported($"the post-processor type '{type}'", "none, TemplateProcessing");

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
}
