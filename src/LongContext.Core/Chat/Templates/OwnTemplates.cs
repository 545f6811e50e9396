namespace LongContext.Chat.Templates;

/// <summary>Templates for formats that are asked for by name, written here, so that a model tuned in one can say so in its folder. Each was rendered by Jinja beside the definition in C#.</summary>
internal static class OwnTemplates
{
    private const string ChatMlTurns =
        """
        {%- for message in messages -%}
        {{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
        """;

    private const string Llama3 =
        """
        {{- '<|begin_of_text|>' -}}
        {%- for message in messages -%}
        {{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}
        """;

    private const string Zephyr =
        """
        {%- for message in messages -%}
        {{ '<|' + message.role + '|>\n' + message.content + '</s>\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%}
        """;

    private const string Gemma =
        """
        {%- if messages[0].role == 'system' -%}{{ raise_exception('There is no place for a system prompt.') }}{%- endif -%}
        {{- '<bos>' -}}
        {%- for turn in messages -%}
        {%- if (turn.role == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('User and assistant take turns, the user first.') }}{%- endif -%}
        {{ '<start_of_turn>' + ('model' if turn.role == 'assistant' else turn.role) + '\n' + turn.content | trim + '<end_of_turn>\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
        """;

    private const string Gemma3 =
        """
        {%- set begins = messages[0].role == 'system' -%}
        {%- set turns = messages[1:] if begins else messages -%}
        {{- '<bos>' -}}
        {%- for turn in turns -%}
        {%- if (turn.role == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('User and assistant take turns, the user first.') }}{%- endif -%}
        {{ '<start_of_turn>' + ('model' if turn.role == 'assistant' else turn.role) + '\n' }}
        {%- if begins and loop.first -%}{{ messages[0].content + '\n\n' }}{%- endif -%}
        {{ turn.content | trim + '<end_of_turn>\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
        """;

    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["chatml"] = ChatMlTurns,
        ["llama3"] = Llama3,
        ["zephyr"] = Zephyr,
        ["gemma"] = Gemma,
        ["gemma3"] = Gemma3,
    };

    private static readonly Dictionary<string, string> NamesByFingerprint = Texts.ToDictionary(pair => ChatTemplateText.Read(pair.Value).Fingerprint, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The names of the formats that have one.</summary>
    public static IEnumerable<string> Names => Texts.Keys;

    /// <summary>The template of the format of that name; null where none was written.</summary>
    public static string? Find(string name) => Texts.GetValueOrDefault(name);

    /// <summary>The name of the format whose template has that fingerprint; null for none of these.</summary>
    public static string? FindName(string fingerprint) => NamesByFingerprint.GetValueOrDefault(fingerprint);
}
