namespace Tribunal.Protocols.Declared;

/// <summary>What the messages of a protocol file have to show.</summary>
internal static class MessageChecks
{
    /// <summary>What is ignored of answers is what the prompt itself says: a judge's own words are never left out.</summary>
    public static void CheckIgnored(ReadRule? read, IReadOnlyList<DeclaredMessage> messages)
    {
        foreach (string ignored in read?.Ignore ?? [])
        {
            if (!messages.Any(message => message.Text?.Segments.Any(segment => !segment.IsPlaceholder && segment.Text.Contains(ignored, StringComparison.Ordinal)) == true))
            {
                throw new ProtocolFileException(read!.Place, $"ignore: the messages don't say {AnswerText.Quote(ignored)}");
            }
        }
    }

    /// <summary>The conversation and the responses are shown, and of principle and rubric only what the file states.</summary>
    public static void CheckShown(YamlMap map, ProtocolKind kind, IReadOnlyList<DeclaredMessage> messages, DeclaredText? block)
    {
        FilePlace place = map.PlaceOf("messages");
        if (messages.Count == 0)
        {
            throw new ProtocolFileException(place, "'messages' is missing; expected a list of role and text, or conversation");
        }

        HashSet<string> shown = [.. messages.SelectMany(static message => message.Text?.Used ?? [])];
        bool conversation = messages.Any(static message => message.Conversation) || shown.Contains("conversation") || shown.Contains("turns") || (shown.Contains("turns_1") && shown.Contains("turns_2")) || (shown.Contains("conversation_1") && shown.Contains("conversation_2"));
        bool each = messages.Any(static message => message.PerResponse && message.Text!.Used.Contains("response"));
        bool responses = kind switch
        {
            ProtocolKind.Pairwise => each || shown.Contains("responses") || (shown.Contains("response_1") && shown.Contains("response_2")) || shown.Contains("conversation_1"),
            ProtocolKind.Listwise => each || shown.Contains("responses"),
            _ => shown.Contains("response") || shown.Contains("responses"),
        };
        if (!conversation || !responses)
        {
            throw new ProtocolFileException(place, !conversation
                ? "the messages don't show the conversation; expected conversation as a message, or {{conversation}}"
                : $"the messages don't show the {(kind is ProtocolKind.Pointwise or ProtocolKind.Scalar ? "response; expected {{response}}" : "responses; expected {{responses}}, {{response_1}} and {{response_2}}, or a message for-each response")}");
        }

        if (kind != ProtocolKind.Rubric && shown.Contains("responses") && block?.Used.Contains("response") == false)
        {
            throw new ProtocolFileException(map.PlaceOf("responses"), "each: the block doesn't show {{response}}");
        }

        foreach (string own in (string[])["principle", "rubric"])
        {
            if (messages.Any(message => message.Text?.Always(own) == true) && !map.Has(own))
            {
                throw new ProtocolFileException(place, $"{{{{{own}}}}} is shown and the file states none; expected '{own}', or a block {{{{#{own}}}}}");
            }
        }
    }

    /// <summary>Criteria are shown where the kind is rubric, and only there.</summary>
    public static void CheckCriteria(YamlMap map, ProtocolKind kind, bool apart, IReadOnlyList<DeclaredMessage> messages, DeclaredText? block)
    {
        HashSet<string> shown = [.. messages.SelectMany(static message => message.Text?.Used ?? [])];
        FilePlace place = map.PlaceOf("messages");
        if (kind != ProtocolKind.Rubric)
        {
            if (shown.Contains("criteria") || shown.Contains("criterion"))
            {
                throw new ProtocolFileException(place, "{{criteria}} and {{criterion}} are shown by protocols of kind rubric");
            }

            return;
        }

        if (!shown.Contains(apart ? "criterion" : "criteria"))
        {
            throw new ProtocolFileException(place, $"the messages don't show the {(apart ? "criterion; expected {{criterion}}" : "criteria; expected {{criteria}}")}");
        }

        if (!apart && block?.Used.Contains("criterion") != true)
        {
            throw new ProtocolFileException(map.PlaceOf("responses"), "responses: expected each, a block that shows {{criterion}}");
        }
    }
}
