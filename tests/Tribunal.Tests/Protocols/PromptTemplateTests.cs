using CsCheck;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Protocols;

public sealed class PromptTemplateTests
{
    [Fact]
    public void A_template_without_sections_is_the_user_message()
    {
        JudgePrompt prompt = ProtocolCatalog.Resolve("grm", null, "Q: {{conversation}}\r\n{{responses}}\r\n").Protocol.Compose(Samples.Rollout("q", "a"), [0]);
        Message message = Assert.Single(prompt.Messages);
        Assert.Equal(new Message("user", "Q: q\n[The Begin of Response 1]\na\n[The End of Response 1]"), message);
    }

    [Fact]
    public void An_official_prompt_can_take_the_place_of_ours()
    {
        const string Official = """
            === system ===
            Judge. Answer with <answer>[[A]]</answer> or \boxed{x}.
            === user ===
            {{#single-turn}}
            Q {{conversation}} A {{response_a}} B {{response_b}}
            {{/single-turn}}
            {{#multi-turn}}
            [The Start of the Conversation between Chatbot A and the Client]
            {{conversation_a}}
            [The End]
            {{conversation_b}}
            {{/multi-turn}}
            """;
        IProtocol protocol = ProtocolCatalog.Resolve("rm-r1", null, Official).Protocol;
        Rollout rollout = Samples.Rollout("q", "one", "two");

        Assert.Equal(
            [new Message("system", "Judge. Answer with <answer>[[A]]</answer> or \\boxed{x}."), new Message("user", "Q q A two B one\n")],
            protocol.Compose(rollout, [1, 0]).Messages);
        Assert.Equal(
            "[The Start of the Conversation between Chatbot A and the Client]\nUser: q\n\nAssistant: a\n\nChatbot A: one\n[The End]\nUser: q\n\nAssistant: a\n\nChatbot B: two\n",
            protocol.Compose(rollout with { Prompt = [.. rollout.Prompt, new Message("assistant", "a")] }, [0, 1]).Messages[1].Content);
    }

    [Fact]
    public void Our_own_templates_can_be_given_back_as_they_are()
    {
        foreach (string variant in ProtocolCatalog.Variants)
        {
            string template = ProtocolCatalog.TemplateOf(variant);
            Rollout rollout = Samples.Rollout("q", "a", "b");
            Assert.Equal(
                Samples.Protocol(variant).Compose(rollout, [0, 1]).Messages,
                ProtocolCatalog.Resolve(variant, null, template.ReplaceLineEndings("\r\n")).Protocol.Compose(rollout, [0, 1]).Messages);
        }

        Assert.Throws<ArgumentException>(() => ProtocolCatalog.TemplateOf("../secrets"));
    }

    [Theory]
    [InlineData("grm", "", "{{conversation}} is missing; {{responses}} is missing")]
    [InlineData("grm", "{{conversation}}", "{{responses}} is missing")]
    [InlineData("rrm", "{{conversation}} {{response_1}}", "{{response_2}} is missing")]
    [InlineData("rm-r1", "{{conversation}} {{response_a}}", "{{response_b}} is missing")]
    [InlineData("rm-r1", "{{#single-turn}}{{conversation}}{{/single-turn}}{{response_a}}{{response_b}}", "{{conversation}} is missing for prompts of several turns")]
    [InlineData("rm-r1", "{{conversation_a}}{{response_b}}", "{{conversation}} is missing")]
    [InlineData("grm", "{{conversation}} {{#reference}}{{responses}}{{/reference}}", "{{responses}} is missing")]
    [InlineData("grm", "{{conversation}} {{responses}} {{question}}", "unknown placeholder {{question}} (known: conversation, responses, count, reference)")]
    [InlineData("rrm", "{{response_a}}", "unknown placeholder {{response_a}}")]
    [InlineData("grm", "{{#if}}{{/if}}", "unknown block {{#if}} (known: reference, single-turn, multi-turn)")]
    [InlineData("grm", "{{#reference}} {{conversation}}", "block {{#reference}} is never closed")]
    [InlineData("grm", "{{/reference}}", "{{/reference}} closes nothing")]
    [InlineData("grm", "{{#reference}}{{#multi-turn}}{{/multi-turn}}", "blocks don't nest")]
    [InlineData("grm", "=== system ===\n{{conversation}} {{responses}}", "there is no user section")]
    [InlineData("grm", "=== user ===\n{{conversation}} {{responses}}\n=== assistant ===\nsure", "unknown section 'assistant' (known: system, user)")]
    [InlineData("grm", "=== user ===\n{{conversation}}\n=== user ===\n{{responses}}", "the user section stands twice")]
    [InlineData("grm", "=== user ===\n{{conversation}} {{responses}}\n=== system ===\nx", "the system section comes before the user section")]
    [InlineData("grm", "hello\n=== user ===\n{{conversation}} {{responses}}", "there is text before the first section")]
    public void A_template_that_can_not_work_is_refused_with_the_reason(string protocol, string template, string why)
    {
        PromptTemplateException refused = Assert.Throws<PromptTemplateException>(() => ProtocolCatalog.Resolve(protocol, null, template));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_megabytes_is_refused() =>
        Assert.Throws<PromptTemplateException>(() => ProtocolCatalog.Resolve("grm", null, new string('x', PromptTemplate.MaxLength + 1)));

    [Fact]
    public void Any_text_is_a_template_or_refused_as_one() =>
        Gen.OneOf<string>("{{", "}}", "#", "/", "reference", "conversation", "responses", "=== user ===", "=== system ===", "\n", "\r", "x", "\uD800", "{{conversation}}", "{{responses}}", "{{#multi-turn}}", "{{/multi-turn}}")
            .Array[0, 20].Sample(parts =>
            {
                try
                {
                    Assert.NotEmpty(ProtocolCatalog.Resolve("grm", null, string.Concat(parts)).Protocol.Compose(Samples.Rollout("q", "a"), [0]).Messages);
                }
                catch (PromptTemplateException refused)
                {
                    Assert.NotEmpty(refused.Message);
                }
            });
}
