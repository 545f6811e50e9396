namespace LongContext.Tokenization;

/// <summary>What the pre-tokenizer and the decoder Metaspace share.</summary>
internal sealed record MetaspaceSettings(char Replacement, bool Prepends, bool OnlyAtStart)
{
    public static MetaspaceSettings Read(JsonField field)
    {
        JsonField replacement = field.Required("replacement");
        string character = replacement.Character();
        if (character.Length != 1) throw replacement.Unsupported($"the replacement \"{character}\"", "a character of the basic plane");

        JsonField? scheme = field.Optional("prepend_scheme");
        string name = scheme?.Text() ?? "always";
        if (name is not ("always" or "never" or "first")) throw scheme!.Value.Unsupported($"the scheme '{name}'", "always, never, first");
        if (field.Optional("add_prefix_space") is { } older && !older.Flag())
        {
            // The older spelling of "never"; together with another scheme it contradicts.
            if (scheme is not null && name != "never") throw older.Fault($"it is false, but \"prepend_scheme\" is \"{name}\"");
            if (scheme is null) throw older.Fault("it is false, but \"prepend_scheme\" is missing, which means \"always\"");
        }

        return new MetaspaceSettings(character[0], name != "never", name == "first");
    }
}
