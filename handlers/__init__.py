"""Which intent leads to which handler: one row each."""

from bot.handler import Handler, Handlers
from bot.messages import RESUMED, STOPPED
from bot.waiting import ANSWER
from handlers import (
    activities,
    classes,
    courses,
    credits,
    danger,
    enrolling,
    enrolments,
    entries,
    facts,
    fees,
    people,
    sessions,
    sites,
    small_talk,
    villages,
)
from handlers.slots import (
    ABOUT,
    CARD,
    CHOICE,
    CLASS,
    CODE,
    COURSE,
    DAY,
    DETAIL,
    HERE,
    HOME,
    ITEM,
    LEARNER,
    MAIL,
    MATTER,
    NOT_ORG,
    NOT_WHEN,
    ORG,
    PHONE,
    POINTS,
    QUESTION,
    SERVICE,
    TEACHER,
    THEME,
    THIS_COURSE,
    TYPED_CARD,
    VILLAGE,
    WHEN,
    WISH,
)  # fmt: skip

WHO = (LEARNER, CARD, TYPED_CARD, CODE)

HANDLERS: Handlers = {
    "entry": Handler(entries.entry, "course_faq"),
    "not_answered": Handler(entries.not_answered, "course_faq"),
    "find_class": Handler(
        classes.find_class,
        "training_info",
        classes.FILTERS,
        by_whom=True,
        of_a_class=("farmer-training-what", "night-class-open", "class-recommend-none"),
        needs=("courses",),
    ),
    "class_detail": Handler(classes.class_detail, "training_info", classes.ONE, by_whom=True, needs=("courses",)),
    "class_schedule": Handler(
        classes.class_schedule,
        "training_info",
        classes.ONE,
        of_a_class=("how-long-usual", "teacher-who"),
        needs=("courses",),
    ),
    "class_days": Handler(
        sessions.class_days, "training_info", (CLASS, COURSE, THEME, ORG, DAY, TEACHER), needs=("courses",)
    ),
    "class_fee": Handler(
        fees.class_fee,
        "training_info",
        classes.ONE,
        careful=True,
        in_public=True,
        of_a_class=("fee-general", "fee-standard", "fee-free-who", "enrol-disabled"),
        by_whom=True,
    ),
    "pay_later": Handler(fees.pay_later, "training_info"),
    "deposit": Handler(fees.deposit, "training_info"),
    "fact": Handler(facts.fact, "training_info", needs=("courses",)),
    "on_record": Handler(facts.on_record, "training_info", needs=("courses",)),
    "not_held": Handler(facts.not_held, "training_info"),
    "compare": Handler(facts.compare, "training_info", needs=("courses",)),
    "enrol_it": Handler(
        enrolling.enrol_it, "enrolment", (CLASS, COURSE, ORG, PHONE, *WHO), careful=True, needs=("courses",)
    ),
    "village_training": Handler(villages.village_training, "training_info", (VILLAGE,), needs=("organisations",)),
    "village_wish": Handler(
        villages.village_wish, "training_info", (VILLAGE, WISH, PHONE), careful=True, needs=("organisations",)
    ),
    "about_course": Handler(courses.about_course, "training_info", (COURSE,), needs=("courses",)),
    "balance": Handler(credits.balance, "credit_lookup", WHO, personal=True),
    "ledger": Handler(credits.ledger, "credit_lookup", WHO, personal=True),
    "points_lapsing": Handler(credits.points_lapsing, "credit_redemption", WHO, personal=True),
    "my_record": Handler(credits.my_record, "credit_lookup", WHO, personal=True),
    "missing_credit": Handler(credits.missing_credit, "credit_lookup", personal=True),
    "missing_credit_check": Handler(credits.missing_credit_check, "credit_lookup", (DETAIL,), personal=True),
    "record_dispute": Handler(credits.record_dispute, "credit_lookup", personal=True, careful=True, acts=True),
    "third_party": Handler(people.third_party, "credit_lookup"),
    "redemption_items": Handler(credits.redemption_items, "credit_redemption", (ITEM, POINTS), needs=("items",)),
    "order_status": Handler(credits.order_status, "credit_redemption", WHO, personal=True),
    "redemption_dispute": Handler(
        credits.redemption_dispute, "credit_redemption", personal=True, careful=True, acts=True
    ),
    "find_course": Handler(
        courses.find_course, "course_faq", (COURSE, THEME), of_a_class=("course-count",), needs=("courses",)
    ),
    "course_level": Handler(
        courses.course_level, "course_faq", (THIS_COURSE,), of_a_class=("course-basic",), needs=("courses",)
    ),
    "course_help": Handler(courses.course_help, "course_faq", (COURSE, QUESTION), needs=("courses",)),
    "phone_change": Handler(people.phone_change, "operation_guide"),
    "card_lost_act": Handler(people.card_lost_act, "operation_guide", careful=True, acts=True),
    "site_address": Handler(sites.site_address, "site_hours", (HERE,), needs=("organisations",)),
    "site_hours": Handler(
        sites.site_hours, "site_hours", (HERE, DAY), of_a_day=("holiday-general",), needs=("organisations",)
    ),
    "nearest_site": Handler(sites.nearest_site, "site_hours", (HOME,), needs=("organisations",)),
    "nearest_to_me": Handler(sites.nearest_to_me, "site_hours", (HOME,), needs=("organisations",)),
    "site_facilities": Handler(sites.site_facilities, "site_hours", (HERE,), needs=("organisations",)),
    "site_access": Handler(sites.site_access, "site_hours", (HERE,), needs=("organisations",)),
    "site_redeems": Handler(
        sites.site_redeems,
        "credit_redemption",
        (HERE,),
        of_a_place=("redeem-how", "redeem-time"),
        needs=("organisations",),
    ),
    "site_certifies": Handler(
        sites.site_certifies, "credit_lookup", (HERE,), of_a_place=("credit-swipe-where",), needs=("organisations",)
    ),
    "site_phone": Handler(sites.site_phone, "site_hours", (HERE,), needs=("organisations",)),
    "about_org": Handler(sites.about_org, "site_hours", (ORG,), needs=("organisations",)),
    "enrol": Handler(
        enrolling.enrol,
        "enrolment",
        classes.ONE,
        of_a_class=("enrol-deadline", "enrol-how", "enrol-age-min"),
        by_whom=True,
        needs=("courses",),
    ),
    "before_coming": Handler(enrolling.before_coming, "enrolment"),
    "register": Handler(
        enrolling.register, "enrolment", (CLASS, COURSE, ORG, PHONE), careful=True, needs=("courses", "organisations")
    ),
    "class_places": Handler(
        classes.class_places, "enrolment", classes.ONE, of_a_class=("class-size",), needs=("courses",)
    ),
    "join_waiting_list": Handler(
        enrolling.join_waiting_list,
        "enrolment",
        (THIS_COURSE, ORG, PHONE, *WHO),
        careful=True,
        needs=("courses", "organisations"),
    ),
    "enrolment_status": Handler(enrolments.enrolment_status, "enrolment", WHO, personal=True),
    "enrol_me": Handler(enrolments.enrol_me, "enrolment", (*WHO, CLASS), personal=True),
    "accept_place": Handler(enrolments.accept_place, "enrolment", (*WHO, CLASS), personal=True),
    "withdraw_me": Handler(enrolments.withdraw_me, "enrolment", (*WHO, CHOICE), personal=True),
    "notices_on": Handler(enrolments.notices_on, "enrolment", WHO, personal=True, acts=True),
    "notices_off": Handler(enrolments.notices_off, "enrolment", WHO, personal=True),
    "withdraw": Handler(enrolling.withdraw, "enrolment", careful=True),
    "refund": Handler(enrolling.refund, "enrolment", personal=True, careful=True, acts=True),
    "minor": Handler(people.minor, "enrolment"),
    "enrol_child": Handler(people.enrol_child, "enrolment"),
    "find_activity": Handler(
        activities.find_activity, "activity", (ORG, WHEN, NOT_ORG, NOT_WHEN, ABOUT), needs=("activities",)
    ),
    "activity_week": Handler(activities.activity_week, "activity"),
    "volunteer": Handler(activities.volunteer, "activity", (SERVICE, ORG, PHONE), needs=("organisations",)),
    "complaint": Handler(people.complaint, "complaint", careful=True, acts=True),
    "privacy_incident": Handler(people.privacy_incident, "complaint", careful=True, acts=True),
    "scam": Handler(people.scam, "complaint"),
    "wrong_info": Handler(people.wrong_info, "complaint", careful=True, acts=True),
    "human": Handler(people.human, "human_agent", acts=True),
    "callback": Handler(people.callback, "human_agent", (PHONE,), careful=True, acts=True),
    ANSWER: Handler(people.answer_by, "human_agent", (PHONE, MAIL)),
    "leave_message": Handler(people.leave_message, "human_agent", (DETAIL,), careful=True),
    "emergency": Handler(danger.emergency, "human_agent"),
    "despair": Handler(danger.despair, "human_agent"),
    "no_emergency": Handler(danger.no_emergency, "chitchat"),
    "deceased": Handler(people.deceased, "human_agent", careful=True, acts=True),
    "data_request": Handler(people.data_request, "human_agent", careful=True, acts=True),
    "greeting": Handler(small_talk.greeting, "chitchat"),
    "welcome": Handler(small_talk.welcome, "chitchat"),
    "cannot_read": Handler(small_talk.cannot_read, "chitchat"),
    "sent_file": Handler(small_talk.sent_file, "human_agent"),
    "bound": Handler(people.bound, "operation_guide"),
    "menu": Handler(small_talk.menu, "chitchat"),
    "who_are_you": Handler(small_talk.who_are_you, "chitchat"),
    "what_we_are": Handler(small_talk.what_we_are, "chitchat"),
    "thanks": Handler(small_talk.thanks, "chitchat"),
    "rate_service": Handler(small_talk.rate_service, "chitchat"),
    "goodbye": Handler(small_talk.goodbye, "chitchat"),
    "acknowledge": Handler(small_talk.acknowledge, "chitchat"),
    "smalltalk": Handler(small_talk.smalltalk, "chitchat"),
    "about_somebody": Handler(small_talk.about_somebody, "chitchat"),
    "cancelled": Handler(small_talk.cancelled, "chitchat"),
    "other_office": Handler(small_talk.other_office, "out_of_scope", (MATTER,)),
    "unrelated": Handler(small_talk.unrelated, "out_of_scope", (MATTER,)),
    "advice": Handler(small_talk.advice, "out_of_scope"),
    STOPPED: Handler(people.texts_stopped, "chitchat"),
    RESUMED: Handler(people.texts_resumed, "chitchat"),
    "bulk_data": Handler(people.bulk_data, "out_of_scope"),
}
