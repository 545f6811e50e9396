using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>
/// Every named format on conversations written out by hand from the models' published templates (the chat_template of their
/// tokenizer_config.json; Llama 2: Touvron et al. 2023; Mistral: the tokenizer versions of mistral-common).
/// </summary>
public sealed class ChatFormatTests
{
    private static readonly ChatTurn[] WithSystem = [ChatTurn.System("Be brief."), ChatTurn.User(" Hi "), ChatTurn.Assistant(" Yo\n"), ChatTurn.User("Bye")];

    private static readonly ChatTurn[] Ended = [ChatTurn.User("Hi"), ChatTurn.Assistant("Yo")];

    private static readonly ChatRenderOptions Prompt = new() { AddGenerationPrompt = true, TimeProvider = new FixedClock() };

    [Theory]
    [InlineData("llama2", "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hi [/INST] Yo </s><s>[INST] Bye [/INST]")]
    [InlineData("llama3", "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData("llama3.1", "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData("chatml", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n Yo\n<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("qwen2.5", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n Yo\n<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("qwen3", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n Yo\n<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("mistral-v1", "<s> [INST] Be brief.\n\n Hi  [/INST]  Yo\n</s> [INST] Bye [/INST]")]
    [InlineData("mistral-v3", "<s>[INST]  Hi [/INST] Yo</s>[INST] Be brief.\n\nBye[/INST]")]
    [InlineData("mistral-nemo", "<s>[INST] Hi [/INST] Yo\n</s>[INST]Be brief.\n\nBye[/INST]")]
    [InlineData("mistral-v7", "<s>[SYSTEM_PROMPT] Be brief.[/SYSTEM_PROMPT][INST]  Hi [/INST]  Yo\n</s>[INST] Bye[/INST]")]
    [InlineData("mistral-v7-tekken", "<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST] Hi [/INST] Yo\n</s>[INST]Bye[/INST]")]
    [InlineData("gemma3", "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nYo<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n")]
    [InlineData("phi3", "<|system|>\nBe brief.<|end|>\n<|user|>\n Hi <|end|>\n<|assistant|>\n Yo\n<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n")]
    [InlineData("phi3.5", "<|system|>\nBe brief.<|end|>\n<|user|>\n Hi <|end|>\n<|assistant|>\n Yo\n<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n")]
    [InlineData("phi3-first", "<s><|user|>\n Hi <|end|>\n<|assistant|>\n Yo\n<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n")]
    [InlineData("phi4", "<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|> Hi <|im_end|><|im_start|>assistant<|im_sep|> Yo\n<|im_end|><|im_start|>user<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>")]
    [InlineData("phi4-first", "<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|> Hi <|im_end|><|im_start|>assistant<|im_sep|> Yo\n<|im_end|><|im_start|>user<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>")]
    [InlineData("phi4-mini", "<|system|>Be brief.<|end|><|user|> Hi <|end|><|assistant|> Yo\n<|end|><|user|>Bye<|end|><|assistant|>")]
    [InlineData("granite-3.3", "<|start_of_role|>system<|end_of_role|>Be brief.<|end_of_text|>\n<|start_of_role|>user<|end_of_role|> Hi <|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|> Yo\n<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Bye<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>")]
    [InlineData("smollm3", "<|im_start|>system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nToday Date: 07 March 2025\nReasoning Mode: /think\n\n## Custom Instructions\n\nBe brief.\n\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n Yo\n<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("olmo2", "<|endoftext|><|system|>\nBe brief.\n<|user|>\n Hi \n<|assistant|>\n Yo\n<|endoftext|>\n<|user|>\nBye\n<|assistant|>\n")]
    [InlineData("zephyr", "<|system|>\nBe brief.</s>\n<|user|>\n Hi </s>\n<|assistant|>\n Yo\n</s>\n<|user|>\nBye</s>\n<|assistant|>\n")]
    public void Render_SystemAndTurnsWithPrompt_IsTheModelsText(string name, string expected) =>
        Assert.Equal(expected, ChatFormat.Named(name).Render(WithSystem, Prompt).Text);

    [Theory]
    [InlineData("qwen2", "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>\n")]
    [InlineData("qwen2.5", "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>\n")]
    [InlineData("qwen3", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nYo<|im_end|>\n")]
    [InlineData("llama3.2", "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 07 Mar 2025\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|>")]
    [InlineData("mistral-0.1", "<s>[INST] Hi [/INST]Yo</s> ")]
    [InlineData("mistral-0.2", "<s>[INST] Hi [/INST]Yo</s>")]
    [InlineData("gemma", "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nYo<end_of_turn>\n")]
    [InlineData("phi3", "<|user|>\nHi<|end|>\n<|assistant|>\nYo<|end|>\n<|endoftext|>")]
    [InlineData("granite-3.0", "<|start_of_role|>user<|end_of_role|>Hi<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>Yo<|end_of_text|>\n")]
    [InlineData("granite-3.1", "<|start_of_role|>system<|end_of_role|>Knowledge Cutoff Date: April 2024.\nToday's Date: March 07, 2025.\nYou are Granite, developed by IBM. You are a helpful AI assistant.<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Hi<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>Yo<|end_of_text|>\n")]
    [InlineData("granite-3.3", "<|start_of_role|>system<|end_of_role|>Knowledge Cutoff Date: April 2024. Today's Date: March 07, 2025. You are Granite, developed by IBM. You are a helpful AI assistant.<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Hi<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>Yo<|end_of_text|>\n")]
    [InlineData("tulu3", "<|user|>\nHi\n<|assistant|>\nYo<|end_of_text|>")]
    public void Render_NoSystemAndAnAnswerLast_IsTheModelsText(string name, string expected) =>
        Assert.Equal(expected, ChatFormat.Named(name).Render(Ended, new ChatRenderOptions { TimeProvider = new FixedClock() }).Text);

    [Fact]
    public void Render_EveryNamedFormat_HasAnswersThatEndWithAStopToken()
    {
        foreach (string name in ChatFormat.KnownNames)
        {
            ChatFormat format = ChatFormat.Named(name);
            ChatText text = format.Render(Ended, new ChatRenderOptions { TimeProvider = new FixedClock() });
            AssistantSpan span = Assert.Single(text.AssistantSpans);
            Assert.Equal(1, span.Turn);
            Assert.EndsWith("Yo", text.Text[span.Start..span.ContentEnd], StringComparison.Ordinal);
            Assert.Equal(format.StopTokens[0], text.Text[span.ContentEnd..span.End].Trim());
        }
    }

    [Fact]
    public void Render_EveryNamedFormat_OpensTheAnswerAsTheGenerationPromptDoes()
    {
        // DeepSeek-R1's prompt opens thoughts, and its template leaves them out of answers.
        foreach (string name in ChatFormat.KnownNames.Except(["deepseek-r1"]))
        {
            foreach (bool? thinks in new bool?[] { null, false, true })
            {
                ChatText text = ChatFormat.Named(name).Render(Ended, new ChatRenderOptions { EnableThinking = thinks, TimeProvider = new FixedClock() });
                ChatText prompt = ChatFormat.Named(name).Render(
                    [Ended[0]], new ChatRenderOptions { AddGenerationPrompt = true, EnableThinking = thinks, TimeProvider = new FixedClock() });
                Assert.Equal(prompt.Text, text.Text[..text.AssistantSpans[0].Start]);
            }
        }
    }

    [Fact]
    public void Render_ContinueFinalTurn_StopsAfterItsContent()
    {
        foreach (string name in ChatFormat.KnownNames)
        {
            ChatText whole = ChatFormat.Named(name).Render(Ended, new ChatRenderOptions { TimeProvider = new FixedClock() });
            ChatText open = ChatFormat.Named(name).Render(Ended, new ChatRenderOptions { ContinueFinalTurn = true, TimeProvider = new FixedClock() });
            Assert.Equal(whole.Text[..whole.AssistantSpans[0].ContentEnd], open.Text);
            Assert.Equal(open.Text.Length, Assert.Single(open.AssistantSpans).End);
        }
    }

    [Theory]
    [InlineData("Yo ", "Yo ")]
    [InlineData(" Yo ", " Yo")]
    [InlineData("", "")]
    public void Render_ContinueFinalTurnWithBlanks_KeepsThoseAtTheEndAloneAsTransformersDoes(string content, string kept)
    {
        ChatText open = ChatFormat.Named("chatml").Render([ChatTurn.Assistant(content)], new ChatRenderOptions { ContinueFinalTurn = true });
        Assert.Equal("<|im_start|>assistant\n" + kept, open.Text);
    }

    [Fact]
    public void Render_Date_IsTheOneGiven()
    {
        var options = new ChatRenderOptions { Date = new DateOnly(2031, 2, 2), TimeProvider = new FixedClock() };
        foreach ((string name, string date) in new[]
        {
            ("llama3.1", "02 Feb 2031"), ("llama3.2", "02 Feb 2031"), ("granite-3.2", "February 02, 2031"), ("smollm3", "02 February 2031"),
        })
        {
            Assert.Contains(date, ChatFormat.Named(name).Render(Ended, options).Text, StringComparison.Ordinal);
        }
    }
}
